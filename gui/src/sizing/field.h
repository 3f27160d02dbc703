/* SPDX-License-Identifier: MIT
 * One input of a scenario as a row: its name, an entry with a unit and maybe a slider, or a choice, a switch, a device;
 * and beneath it what is wrong with what was entered.
 */
#ifndef LG_FIELD_H
#define LG_FIELD_H

#include <adwaita.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

typedef enum { LG_FIELD_NUMBER, LG_FIELD_CHOICE, LG_FIELD_SWITCH, LG_FIELD_DEVICE } LgFieldKind;

/* Texts are marked with N_() and translated when they are shown. */
typedef struct {
    const char *path; /* of the scenario's member */
    LgFieldKind kind;
    const char *label, *help; /* help may be NULL */
    /* numbers, as they are shown */
    const char *unit;   /* NULL: none */
    double factor;      /* of the scenario's over the shown one; 0: 1 */
    double min, max;    /* what the estimator takes */
    double initial;     /* 0: empty, which leaves the member out: the estimator then has a default of its own */
    double from, to;    /* of a logarithmic slider; 0, 0: none */
    gboolean is_whole;  /* fractions are refused */
    gboolean is_needed; /* cannot be empty */
    /* choices: value, name, value, name ... NULL; the value "" leaves the member out; the first is the default */
    const char *const *choices;
    /* a device's name, or the value "true" of a switch that is on */
    const char *text;
    const char *only; /* the kinds of plan that have it, apart by spaces; NULL: all */
} LgFieldSpec;

#define LG_TYPE_FIELD (lg_field_get_type())
G_DECLARE_FINAL_TYPE(LgField, lg_field, LG, FIELD, AdwPreferencesRow)

/* Emits "changed" when the user has changed it. The specification outlives the field. */
GtkWidget *lg_field_new(const LgFieldSpec *spec);

const LgFieldSpec *lg_field_get_spec(LgField *field);

/* Writes the member, or takes it away. FALSE: what was entered is no value, as the row says. */
gboolean lg_field_write(LgField *field, JsonObject *scenario);

/* Shows what the scenario has there; nothing is emitted. */
void lg_field_read(LgField *field, JsonObject *scenario);

/* What the estimator does not like about it; NULL takes that away. What was entered wrongly stays said. */
void lg_field_refuse(LgField *field, const char *message);

/* What is said beneath; "" where nothing is. */
const char *lg_field_get_message(LgField *field);

/* As if typed. */
void lg_field_enter(LgField *field, const char *text);

/* The text of the entry, the value of the choice or the device; "" where it is empty. */
const char *lg_field_get_text(LgField *field);

G_END_DECLS

#endif
