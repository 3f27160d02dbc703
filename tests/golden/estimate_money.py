# SPDX-License-Identifier: MIT
"""Money, energy and carbon once more, from the members of a scenario alone; and prices from tables of one's own."""
import math
import pathlib
import tempfile

OFFICE = [1, 1, 1, 1, 1, 1, 2, 5, 9, 10, 10, 9, 7, 9, 10, 10, 9, 7, 4, 3, 2, 2, 1, 1]
COST = {"mode": "own", "capex_per_device": 40000, "years": 5, "interest": 0.06, "hosting_per_kw_month": 100,
        "utilization": 0.75, "pue": 1.2, "power_share": 0.85, "idle_share": 0.2, "server_factor": 1.4,
        "electricity": 0.08, "carbon_intensity": 0.5, "embodied_kg_per_device": 400, "cny_per_usd": 7,
        "rent_hour": 3, "upfront": 2e6,
        "api": [{"name": "Some API", "input": 1, "cached_input": 0.1, "output": 4},
                {"name": "另一个", "input": 0.7, "output": 0.7, "currency": "CNY"}], "api_cached_share": 0.25}
SCENARIO = {"task": "serve", "model": "Llama-3.1-70B", "engine": "vllm", "concurrency": 48,
            "hardware": {"device": "H100 SXM5 80GB", "count": 8, "power": 700},
            "load": {"users": 40000, "queries_per_user_day": 15, "input_tokens": 900, "output_tokens": 400,
                     "profile": OFFICE}, "cost": COST}


def at(report, path):
    for part in path.split("."):
        report = report[part]
    return report["value"]


def expected(report):
    """The figures, from the numbers above and what the report says of speed."""
    qps, replicas, per_replica = 40000 * 15 / 86400, at(report, "capacity.replicas"), at(
        report, "replica.queries_per_second")
    devices, tokens = replicas * 8, 1300
    busy = 0.85 * 700
    beside = 0.4 * busy  # of each device, whatever it does
    hours = [qps * h * 24 / sum(OFFICE) for h in OFFICE]
    used = [min(1, q / (replicas * per_replica)) for q in hours]
    watts = [devices * (140 * (1 - u) + busy * u + beside) * 1.2 for u in used]
    on = [min(replicas, max(1, math.ceil(q / (per_replica * 0.8)))) for q in hours]
    following = sum(n * 8 * (140 + beside) + u * devices * (busy - 140) for n, u in zip(on, used)) * 1.2 / 1000
    out = {"load.peak_factor": max(OFFICE) * 24 / sum(OFFICE), "energy.day": sum(watts) / 1000,
           "energy.day_following": following, "energy.total": sum(watts) / 24 / 1000 * 730}
    day = out["energy.day"]
    out["energy.million_tokens"] = day / (qps * tokens * 86400) * 1e6
    out["energy.output_token"] = day * 3.6e6 / (qps * 400 * 86400)
    out["carbon.operational"] = out["energy.total"] * 0.5
    out["carbon.embodied"] = 400 * devices * 730 / (5 * 8760)
    out["carbon.total"] = out["carbon.operational"] + out["carbon.embodied"]
    kilowatts = busy * 1.4 * 1.2 / 1000
    yearly = 40000 * 0.06 / (1 - 1.06 ** -5) + 12 * 100 * kilowatts
    hour = yearly / (8760 * 0.75) + kilowatts * 0.08
    out.update({"cost.own_device_hour": hour, "cost.total": hour * devices * 730, "cost.total_cny": hour * devices * 5110})
    query = hour * 8 / 3600 / per_replica
    step = at(report, "round_2.time") / at(report, "concurrency.used")
    prompt, answer = at(report, "prefill.time"), 400 * step
    out["cost.million_prompt_tokens"] = query * prompt / (prompt + answer) / 900 * 1e6
    out["cost.million_decoded_tokens"] = query * answer / (prompt + answer) / 400 * 1e6
    out["cost.million_tokens"] = (900 * out["cost.million_prompt_tokens"] +
                                  400 * out["cost.million_decoded_tokens"]) / 1300
    saving = 3 * 730 * 0.75 - 100 * kilowatts - kilowatts * 0.08 * 730 * 0.75
    left, months = 40000., 0  # month by month, the last one in part
    while left * (1 + 0.06 / 12) > saving:
        left, months = left * (1 + 0.06 / 12) - saving, months + 1
    out["breakeven.months"] = (months + left * (1 + 0.06 / 12) / saving, 2e-3)
    share = at(report, "breakeven.utilization")
    if not math.isclose(share * 730 * 3, yearly / 12 + share * 730 * kilowatts * 0.08, rel_tol=1e-9):
        out["breakeven.utilization"] = math.nan
    api = (900 * (0.75 * 1 + 0.25 * 0.1) + 400 * 4) / 1300
    month = api * qps * tokens * 730 * 3600 / 1e6
    out.update({"api.some_api.million_tokens": api, "api.some_api.month": month, "api.number_2.input": 0.1,
                "api.number_2.million_tokens": 0.1, "api.some_api.ratio": month / out["cost.total"],
                "api.some_api.upfront_months": 2e6 / (month - out["cost.total"]),
                "api.some_api.breakeven_tokens": hour * 8 * 730 / api * 1e6})
    return out


def check_figures(estimate):
    report = estimate(SCENARIO)
    for path, value in expected(report).items():
        value, tolerance = value if isinstance(value, tuple) else (value, 1e-9)
        try:
            found = at(report, path)
        except KeyError:
            yield f"money: {path} is not in the report"
            continue
        if not math.isclose(found, value, rel_tol=tolerance):
            yield f"money: {path} is {found}, expected {value}"
    if not any(r["code"] == "api_is_cheaper" and "另一个" in r["text"] for r in report["remarks"]):
        yield "money: nothing says that the second API is cheaper at any volume"
    if "breakeven_tokens" in report["api"]["number_2"]:
        yield "money: a volume is named from which on owning would be cheaper than the second API"


# A published day: energy and carbon of runs by device hours, watts and PUE (LLaMA, Touvron et al. 2023, table 15).
LLAMA = (("7B", 82432, 36, 14), ("13B", 135168, 59, 23), ("33B", 530432, 233, 90), ("65B", 1022362, 449, 173))


def check_published(estimate):
    for name, hours, mwh, tonnes in LLAMA:
        tokens = 1e12
        report = estimate({"task": "train", "model": {"parameters": 7e9}, "tokens": tokens, "mfu": 0.5,
                           "hardware": {"count": 2048, "power": 400, "peak_flops": 6 * 7e9 * tokens / 0.5 / hours / 3600},
                           "cost": {"power_share": 1, "server_factor": 1, "pue": 1.1, "carbon_intensity": 0.385}})
        for path, value, unit in (("energy.total", mwh, 1e3), ("carbon.operational", tonnes, 1e3)):
            if abs(at(report, path) / unit / value - 1) > 0.01:
                yield f"LLaMA-{name}: {path} is {at(report, path) / unit}, published {value}"


PRICES = """kind,name,provider,metric,value,unit,currency,date,source,note
gpu_hour,H100 SXM,here,on_demand,14,GPU-hour,CNY,2027-01,a table of one's own,
gpu_hour,H100 SXM,there,on_demand,9,GPU-hour,USD,2020-01,an old price,
api,Own API,here,input,2,Mtoken,CNY,2027-01,a table of one's own,
api,Own API,here,output,8,Mtoken,CNY,2027-01,a table of one's own,
api,Own API,here,output,80,Mtoken,CNY,2026-01,an old price,
"""
REGIONS = """region,name,name_zh,carbon_g_per_kwh,carbon_date,carbon_source,electricity_per_kwh,currency,electricity_date,electricity_source
HERE,Here,本地,250,2027,me,0.5,CNY,2027,me
"""
def check_tables(estimate):
    """Each table can be replaced by a file of a folder."""
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        (root / "prices.csv").write_text(PRICES, encoding="utf-8")
        (root / "regions.csv").write_text(REGIONS, encoding="utf-8")
        (root / "models.json").write_text('[\n{"name":"Mine","family":"llama","source":"me","config":{"model_type":"llama",'
                                          '"hidden_size":1024,"intermediate_size":4096,"num_attention_heads":8,'
                                          '"num_hidden_layers":4,"vocab_size":1000}}\n]\n', encoding="utf-8")
        report = estimate({"task": "serve", "data": folder, "model": "Mine", "hardware": "H100 SXM5 80GB",
                           "cost": {"region": "本地", "api": "own api", "cny_per_usd": 7}})
        for path, value in (("cost.device_hour", 2), ("cost.electricity", 0.5 / 7), ("carbon.intensity", 0.25),
                            ("api.own_api.output", 8 / 7), ("api.own_api.input_cny", 2), ("model.layers", 4)):
            if not math.isclose(at(report, path), value, rel_tol=1e-12):
                yield f"tables of one's own: {path} is {at(report, path)}, expected {value}"
        (root / "accelerators.csv").write_text("vendor,name,aliases,bf16_fp16_dense_tflops,tdp_w,confidence,source\n"
                                               "Me,Mine 1,,100,200,A,me\n", encoding="utf-8")
        report = estimate({"task": "train", "data": folder, "model": {"parameters": 1e9}, "tokens": 1e9, "mfu": 0.5,
                           "hardware": {"device": "mine 1", "count": 8}})
        if at(report, "device.peak") != 100e12 or at(report, "device.power") != 200:
            yield f"tables of one's own: the device is {report['device']}"
        rows = estimate({"task": "prices", "data": folder})["tables"][0]["rows"]
        if len(rows) != 6:
            yield f"tables of one's own: {len(rows) - 1} prices, expected 5"


def check(estimate):
    yield from check_figures(estimate)
    yield from check_published(estimate)
    yield from check_tables(estimate)
