/* SPDX-License-Identifier: BSD-2-Clause */
#include "schema/number.h"

#include "base/json_writer.h"

#include <float.h>
#include <math.h>

/* Beyond it a double does not distinguish one integer from the next. */
#define EXACT_MAX 0x1p53

/* --- What it must be --- */

static void put_bounds(struct buf *out, bool low, struct str least, bool high, struct str most)
{
    if (low && high) {
        buf_literal(out, " from ");
        buf_str(out, least);
        buf_literal(out, " to ");
        buf_str(out, most);
    } else if (low) {
        buf_literal(out, " of at least ");
        buf_str(out, least);
    } else if (high) {
        buf_literal(out, " of at most ");
        buf_str(out, most);
    }
}

static enum err refuse_integer(const struct field *field, struct buf *why)
{
    struct buf least = BUF_INIT(64), most = BUF_INIT(64);

    buf_int(&least, field->low);
    buf_int(&most, field->high);
    buf_literal(why, "must be a whole number");
    put_bounds(why, field->low > INT64_MIN, buf_view(&least), field->high < INT64_MAX,
               buf_view(&most));
    buf_free(&least);
    buf_free(&most);
    return ERR_INVALID;
}

static void put_exclusive(const struct field *field, struct buf *why)
{
    bool low = (field->flags & FIELD_EXCLUSIVE_MINIMUM) != 0;
    bool high = (field->flags & FIELD_EXCLUSIVE_MAXIMUM) != 0;

    if (low) {
        buf_literal(why, " greater than ");
        json_put_double(why, field->minimum);
    } else if (field->flags & FIELD_MINIMUM) {
        buf_literal(why, " of at least ");
        json_put_double(why, field->minimum);
    }
    if (field->flags & (FIELD_MINIMUM | FIELD_EXCLUSIVE_MINIMUM))
        buf_literal(why, " and");
    buf_str(why, high ? STR(" less than ") : STR(" at most "));
    json_put_double(why, field->maximum);
}

static enum err refuse_number(const struct field *field, struct buf *why)
{
    struct buf least = BUF_INIT(64), most = BUF_INIT(64);
    bool low = (field->flags & (FIELD_MINIMUM | FIELD_EXCLUSIVE_MINIMUM)) != 0;
    bool high = (field->flags & (FIELD_MAXIMUM | FIELD_EXCLUSIVE_MAXIMUM)) != 0;

    buf_literal(why, "must be a number");
    if ((field->flags & (FIELD_EXCLUSIVE_MINIMUM | FIELD_EXCLUSIVE_MAXIMUM)) == 0) {
        json_put_double(&least, field->minimum);
        json_put_double(&most, field->maximum);
        put_bounds(why, low, buf_view(&least), high, buf_view(&most));
        buf_free(&least);
        buf_free(&most);
    } else if (high) {
        put_exclusive(field, why);
    } else {
        buf_literal(why, " greater than ");
        json_put_double(why, field->minimum);
    }
    return ERR_INVALID;
}

static enum err refuse_step(const struct field *field, struct buf *why)
{
    buf_literal(why, "must be a multiple of ");
    json_put_double(why, field->multiple_of);
    return ERR_INVALID;
}

/* --- What it is --- */

/* As people mean it: 19.99 is a multiple of 0.01. */
static bool is_multiple(double number, double of)
{
    double quotient = number / of;

    if (of == 0 || fmod(number, of) == 0)
        return true;
    return isfinite(quotient) && fabs(quotient) < EXACT_MAX &&
           fabs(quotient - nearbyint(quotient)) <= 4 * DBL_EPSILON * fabs(quotient);
}

static bool is_integer_multiple(int64_t number, double of)
{
    if (of >= 1 && of < EXACT_MAX && floor(of) == of)
        return number % (int64_t)of == 0;
    return is_multiple((double)number, of);
}

static enum err read_integer(const struct field *field, const json_t *json, struct value *value,
                             struct buf *why)
{
    double real = json_real_value(json);
    int64_t number;

    if (json_is_integer(json))
        number = json_integer_value(json);
    else if (json_is_real(json) && fabs(real) < EXACT_MAX && floor(real) == real)
        number = (int64_t)real;
    else
        return refuse_integer(field, why);
    if (number < field->low || number > field->high)
        return refuse_integer(field, why);
    *value = value_int(number);
    return is_integer_multiple(number, field->multiple_of) ? ERR_OK : refuse_step(field, why);
}

static bool is_inside(const struct field *field, double number)
{
    unsigned flags = field->flags;

    return !((flags & FIELD_MINIMUM && number < field->minimum) ||
             (flags & FIELD_MAXIMUM && number > field->maximum) ||
             (flags & FIELD_EXCLUSIVE_MINIMUM && number <= field->minimum) ||
             (flags & FIELD_EXCLUSIVE_MAXIMUM && number >= field->maximum));
}

/* An integer as a double of the same value, if there is one. */
static bool is_exact(int64_t integer)
{
    double number = (double)integer;

    return number < 0x1p63 && (int64_t)number == integer;
}

static enum err read_double(const struct field *field, const json_t *json, struct value *value,
                            struct buf *why)
{
    double number = json_number_value(json);

    if (!json_is_number(json) || !is_inside(field, number))
        return refuse_number(field, why);
    if (json_is_integer(json) && !is_exact(json_integer_value(json))) {
        buf_literal(why, "has more digits than a number can keep");
        return ERR_INVALID;
    }
    *value = value_double(number == 0 ? 0 : number); /* -0 is 0 */
    return is_multiple(number, field->multiple_of) ? ERR_OK : refuse_step(field, why);
}

enum err number_read(const struct field *field, const json_t *json, struct value *value,
                     struct buf *why)
{
    return field->type == FIELD_INTEGER ? read_integer(field, json, value, why)
                                        : read_double(field, json, value, why);
}
