/* SPDX-License-Identifier: MIT
 * Asks the estimator while someone drags a slider.
 */
#include "query.h"

#include "estimator.h"
#include "scenario.h"

enum { FRAME_MS = 16 };

struct _LgQuery {
    GObject parent_instance;
    const LgPlan *plan;
    JsonObject *next;          /* asked and not begun */
    GCancellable *cancellable; /* of what is on the thread; NULL: nothing is */
    guint timer;
    gboolean is_forgotten; /* what is on the thread is not told */
};

G_DEFINE_FINAL_TYPE(LgQuery, lg_query, G_TYPE_OBJECT)

enum { ANSWERED, N_SIGNALS };
static guint signals[N_SIGNALS];

LgOutcome *lg_outcome_new(const LgPlan *plan, JsonObject *draft, GCancellable *cancellable)
{
    LgOutcome *answer = g_new0(LgOutcome, 1);
    g_atomic_ref_count_init(&answer->count);
    answer->draft = lg_scenario_copy(draft);
    answer->scenario = lg_plan_finish(plan, draft);
    answer->report = lg_estimator_run(answer->scenario, &answer->error);
    answer->charts = answer->report ? plan->draw(answer->scenario, answer->report, cancellable) : g_ptr_array_new();
    answer->is_overtaken = g_cancellable_is_cancelled(cancellable);
    return answer;
}

LgOutcome *lg_outcome_ref(LgOutcome *answer)
{
    g_atomic_ref_count_inc(&answer->count);
    return answer;
}

void lg_outcome_unref(LgOutcome *answer)
{
    if (!g_atomic_ref_count_dec(&answer->count))
        return;
    g_clear_pointer(&answer->draft, json_object_unref);
    g_clear_pointer(&answer->scenario, json_object_unref);
    g_clear_pointer(&answer->report, lg_report_unref);
    g_clear_error(&answer->error);
    g_ptr_array_unref(answer->charts);
    g_free(answer);
}

typedef struct {
    const LgPlan *plan;
    JsonObject *draft;
} Question;

static void free_question(gpointer pointer)
{
    Question *question = pointer;
    json_object_unref(question->draft);
    g_free(question);
}

static void work(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
    const Question *question = data;
    g_task_return_pointer(task, lg_outcome_new(question->plan, question->draft, cancellable),
                          (GDestroyNotify)lg_outcome_unref);
}

static void begin(LgQuery *query);

static void done(GObject *source, GAsyncResult *result, gpointer data)
{
    LgQuery *query = LG_QUERY(source);
    g_autoptr(LgOutcome) answer = g_task_propagate_pointer(G_TASK(result), NULL);
    g_clear_object(&query->cancellable);
    if (!query->is_forgotten)
        g_signal_emit(query, signals[ANSWERED], 0, answer);
    if (query->next && !query->timer)
        begin(query);
}

static void begin(LgQuery *query)
{
    g_autoptr(GTask) task = NULL;
    Question *question = g_new0(Question, 1);
    question->plan = query->plan;
    question->draft = g_steal_pointer(&query->next);
    query->cancellable = g_cancellable_new();
    query->is_forgotten = FALSE;
    task = g_task_new(query, query->cancellable, done, NULL);
    g_task_set_check_cancellable(task, FALSE);
    g_task_set_task_data(task, question, free_question);
    g_task_run_in_thread(task, work);
}

static gboolean frame(gpointer data)
{
    LgQuery *query = data;
    query->timer = 0;
    if (query->next && !query->cancellable)
        begin(query);
    return G_SOURCE_REMOVE;
}

void lg_query_forget(LgQuery *query)
{
    g_clear_pointer(&query->next, json_object_unref);
    g_clear_handle_id(&query->timer, g_source_remove);
    query->is_forgotten = TRUE;
    if (query->cancellable)
        g_cancellable_cancel(query->cancellable);
}

void lg_query_ask(LgQuery *query, JsonObject *draft)
{
    g_clear_pointer(&query->next, json_object_unref);
    query->next = lg_scenario_copy(draft);
    if (query->cancellable)
        g_cancellable_cancel(query->cancellable);
    if (!query->timer)
        query->timer = g_timeout_add(FRAME_MS, frame, query);
}

gboolean lg_query_is_busy(LgQuery *query) { return query->next || query->cancellable; }

static void dispose(GObject *object)
{
    lg_query_forget(LG_QUERY(object));
    G_OBJECT_CLASS(lg_query_parent_class)->dispose(object);
}

static void lg_query_class_init(LgQueryClass *class)
{
    G_OBJECT_CLASS(class)->dispose = dispose;
    signals[ANSWERED] =
        g_signal_new("answered", LG_TYPE_QUERY, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_POINTER);
}

static void lg_query_init(LgQuery *query) {}

LgQuery *lg_query_new(const LgPlan *plan)
{
    LgQuery *query = g_object_new(LG_TYPE_QUERY, NULL);
    query->plan = plan;
    return query;
}
