// SPDX-License-Identifier: MIT
// The simulation of a service against what queueing theory says, and what it costs in events.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

extern "C" {
#include "estimate/simulate.h"
#include "estimate/simulate_order.h"
}

namespace
{

/* One replica with n places whose steps take the same time however many there are: a queue M/M/n, but for lengths in
 * whole tokens. A second of service holds 1000 steps, a prompt is one of them. */
ll_simulation queue(uint32_t n, double load, uint32_t requests)
{
    ll_simulation in{};
    in.replicas = 1;
    in.places = n;
    in.requests = requests;
    in.seed = 7;
    in.share = 0.95;
    in.arrivals = load * n;
    in.input = 1e-3;
    in.output = 1000;
    in.chunk = 1e6;
    in.step = 1e-3;
    in.events_most = 1000000000;
    return in;
}

ll_simulated run(const ll_simulation &in)
{
    ll_host host;
    ll_host_init(&host);
    ll_simulated out;
    EXPECT_TRUE(ll_simulate(&host, &in, &out));
    return out;
}

double erlang_c(double n, double a)
{
    double b = 1;
    for (int k = 1; k <= n; k++)
        b = a * b / (k + a * b);
    return n * b / (n - a * (1 - b));
}

TEST(Simulation, WaitsAsErlangsCSays)
{
    for (auto [n, load] : std::vector<std::pair<uint32_t, double>>{{1, 0.7}, {4, 0.8}, {20, 0.9}, {100, 0.95}}) {
        const ll_simulated out = run(queue(n, load, 400000));
        const double c = erlang_c(n, load * n);
        EXPECT_NEAR(c, out.waited, 0.03 + 0.03 * c) << n << " places, load " << load;
        /* Of 95 in 100 requests: the wait is spread exponentially with n - load n completions a second. */
        const double wait = c > 0.05 ? std::log(c / 0.05) / (n - load * n) : 0;
        EXPECT_NEAR(wait, out.ttft[1], 0.12 * wait + 0.01) << n << " places, load " << load;
    }
}

TEST(Simulation, OneServerIsBusyAsMuchAsItsLoad)
{
    for (double load : {0.3, 0.6, 0.9})
        EXPECT_NEAR(load, run(queue(1, load, 200000)).utilization, 0.01) << load;
}

// Requests so rare that the time of the next is no number, or one between whose neighbours hours pass.
TEST(Simulation, EndsWhereNobodyComes)
{
    double hours[24] = {};
    hours[5] = 24;
    for (double arrivals : {1e-322, 1e-306, 1e-60, 1e-20}) {
        for (const double *profile : {static_cast<const double *>(nullptr), static_cast<const double *>(hours)}) {
            ll_simulation in = queue(1, 0.5, 1000);
            in.arrivals = arrivals;
            in.hours = profile;
            in.events_most = 100000;
            const ll_simulated out = run(in);
            EXPECT_TRUE(out.is_cut || std::isfinite(out.seconds)) << arrivals;
        }
    }
}

TEST(Simulation, ReplicasAreThereAsOftenAsFailuresAndRepairsSay)
{
    ll_simulation in = queue(8, 0.3, 400000);
    in.replicas = 50;
    in.mtbf = 900;
    in.repair = 100;
    const ll_simulated out = run(in);
    EXPECT_NEAR(0.9, out.available, 0.02);
    /* A replica has 2.4 / 0.9 requests in flight, 1 in 1000 of which has no token yet, and fails each 900 s of those
     * that it is there; 2.4 come in a second. */
    EXPECT_NEAR(1 / 900.0, out.broken, 0.15 / 900);
    EXPECT_LT(out.moved, out.broken / 20);
    EXPECT_EQ(0, out.lost);
    EXPECT_NEAR(1e-3, out.tpot, 1e-5);
}

/* With one place each and failures, as many places are there as a binomial says; the mean load they carry is all. */
TEST(Simulation, FailuresLeaveTheRestToCarryTheLoad)
{
    ll_simulation in = queue(1, 0.5, 300000);
    in.replicas = 200;
    in.mtbf = 250;
    in.repair = 50;
    const ll_simulated out = run(in);
    EXPECT_NEAR(5.0 / 6, out.available, 0.02);
    /* Half of all places compute for answers; what broke off adds a few seconds in a thousand. */
    EXPECT_NEAR(0.5, out.utilization, 0.01);
    EXPECT_LT(out.waited, 0.02);
}

TEST(Simulation, ThatIsAloneWaitsForItsRepair)
{
    ll_simulation in = queue(1000, 0.0005, 60000);
    in.mtbf = 100;
    in.repair = 100;
    const ll_simulated out = run(in);
    /* Half of the requests find nobody there, and then wait 100 s on average, spread exponentially. */
    EXPECT_NEAR(0.5, out.available, 0.04);
    EXPECT_NEAR(0.5, out.waited, 0.04);
    EXPECT_NEAR(100 * std::log(0.5 / 0.05), out.ttft[1], 25);
}

TEST(Simulation, RestartsEmptyReplicasFirst)
{
    ll_simulation in = queue(8, 0.5, 200000);
    in.replicas = 20;
    in.restart_every = 600;
    in.restart = 50;
    in.restart_at_once = 2;
    const ll_simulated out = run(in);
    EXPECT_EQ(0, out.broken);
    EXPECT_EQ(0, out.lost);
    /* Each is away for 50 s each time; the last time may not be over. */
    const double times = std::floor(out.seconds / 600);
    EXPECT_GE(times, 4);
    EXPECT_GE(out.available, 1 - times * 50 / out.seconds - 1e-9);
    EXPECT_LE(out.available, 1 - (times - 1) * 50 / out.seconds + 1e-9);
}

TEST(Simulation, FollowsTheHoursOfADay)
{
    double hours[24];
    for (int h = 0; h < 24; h++)
        hours[h] = h < 12 ? 0.5 : 1.5;
    ll_simulation in = queue(100, 0.9 / 1.5, 0);
    in.hours = hours;
    in.requests =
        (uint32_t)(in.arrivals * 86400 / 20); /* 72 minutes at the mean, all before noon: they take twice that */
    const ll_simulated out = run(in);
    EXPECT_NEAR(2 * 86400 / 20.0, out.seconds, 100);
}

TEST(Simulation, IsTheSameEveryTimeAndAnotherWithAnotherSeed)
{
    ll_simulation in = queue(4, 0.8, 5000);
    in.replicas = 10;
    in.mtbf = 100;
    in.repair = 5;
    const ll_simulated a = run(in), b = run(in);
    EXPECT_EQ(a.ttft[2], b.ttft[2]);
    EXPECT_EQ(a.events, b.events);
    EXPECT_EQ(a.broken, b.broken);
    in.seed++;
    EXPECT_NE(a.ttft[2], run(in).ttft[2]);
}

/* Counted, not timed: neither replicas nor tokens make a request cost more. */
TEST(Simulation, CostGrowsWithRequestsAlone)
{
    for (uint32_t replicas : {1u, 100u, 10000u})
        for (uint32_t requests : {1000u, 10000u, 100000u})
            for (double output : {30.0, 3e7}) {
                ll_simulation in = queue(16, 0.7, requests);
                in.replicas = replicas;
                in.output = output;
                in.input = 1e5;
                in.chunk = 512;
                in.arrivals = 0.7 * 16 / (output * in.step);
                const ll_simulated out = run(in);
                EXPECT_LT((double)out.events, 8.0 * requests) << replicas << " replicas, " << requests << " requests";
                EXPECT_GT((double)out.events, 1.0 * requests);
            }
}

TEST(Simulation, GivesUpWhatFailsTooOften)
{
    ll_simulation in = queue(4, 0.5, 200);
    in.mtbf = 0.01;
    in.repair = 0.01;
    const ll_simulated out = run(in);
    EXPECT_GT(out.lost, 0.9);
    EXPECT_FALSE(out.is_cut);
}

/* Replicas that fail all the time while hardly anybody asks. */
TEST(Simulation, IsCutWhereItWouldNotEnd)
{
    ll_simulation in = queue(1, 1e-9, 1000);
    in.replicas = 1000;
    in.mtbf = 1;
    in.repair = 1;
    in.events_most = 20000;
    const ll_simulated out = run(in);
    EXPECT_TRUE(out.is_cut);
    EXPECT_LE(out.events, 20010u);
}

TEST(Simulation, AgendaAndTournamentKeepTheirOrder)
{
    enum { N = 300 };
    ll_host host;
    ll_host_init(&host);
    ll_agenda agenda;
    ll_tournament loads;
    ASSERT_TRUE(ll_agenda_init(&agenda, &host, N));
    ASSERT_TRUE(ll_tournament_init(&loads, &host, N));
    std::vector<double> times(N, INFINITY);
    std::vector<uint32_t> keys(N, UINT32_MAX);
    uint64_t state = 1;
    for (int turn = 0; turn < 20000; turn++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        const uint32_t i = (uint32_t)(state >> 33) % N, value = (uint32_t)(state >> 20) % 50;
        if (value < 10) {
            ll_agenda_remove(&agenda, i);
            times[i] = INFINITY;
        } else {
            ll_agenda_set(&agenda, i, value);
            times[i] = value;
        }
        keys[i] = value < 5 ? UINT32_MAX : value;
        ll_tournament_set(&loads, i, keys[i]);
        const uint32_t first = (uint32_t)(std::min_element(times.begin(), times.end()) - times.begin());
        if (std::isinf(times[first]))
            ASSERT_EQ(0u, agenda.n);
        else
            ASSERT_EQ(first, agenda.heap[0]) << turn;
        const uint32_t least = (uint32_t)(std::min_element(keys.begin(), keys.end()) - keys.begin());
        ASSERT_EQ(keys[least] == UINT32_MAX ? UINT32_MAX : least, ll_tournament_first(&loads)) << turn;
    }
    ll_agenda_free(&agenda, &host);
    ll_tournament_free(&loads, &host);
}

} // namespace
