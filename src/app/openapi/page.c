/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/openapi/page.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/idiom.h"

enum { PATH_SIZE = 512 };

#define STYLE                                                                                      \
    "*{box-sizing:border-box}"                                                                     \
    ":root{--ink:#1c2430;--soft:#5b6675;--line:#dde2e8;--back:#fff;--tint:#f5f7f9;--link:#0b63b5}" \
    "@media(prefers-color-scheme:dark){:root{--ink:#e3e8ee;--soft:#9aa6b5;--line:#333d49;"         \
    "--back:#14181d;--tint:#1c2229;--link:#74b4f2}}"                                               \
    "body{margin:0 auto;padding:2rem 1rem 6rem;max-width:60rem;background:var(--back);"            \
    "color:var(--ink);font:16px/1.5 system-ui,sans-serif}"                                         \
    "h1{margin:0}h2{margin:3rem 0 .5rem;border-bottom:2px solid var(--line);"                      \
    "text-transform:capitalize}h4{margin:1rem 0 .25rem;font-size:.8rem;color:var(--soft);"         \
    "text-transform:uppercase;letter-spacing:.05em}a{color:var(--link)}"                           \
    "code,pre,.path{font-family:ui-monospace,monospace;font-size:.9em}"                            \
    "pre{margin:.25rem 0;padding:.75rem;overflow:auto;background:var(--tint);border-radius:6px}"   \
    "details{margin:.5rem 0;border:1px solid var(--line);border-radius:6px}"                       \
    "summary{display:flex;gap:.75rem;align-items:baseline;flex-wrap:wrap;padding:.5rem .75rem;"    \
    "cursor:pointer}summary .words{color:var(--soft);margin-left:auto}"                            \
    "details>div{padding:0 .75rem .75rem;border-top:1px solid var(--line)}"                        \
    ".method{min-width:4.5rem;padding:.1rem .4rem;border-radius:4px;color:#fff;font-weight:600;"   \
    "font-size:.8rem;text-align:center;background:#5b6675}.get{background:#19703a}"                \
    ".post{background:#0b63b5}.put,.patch{background:#945b00}.delete{background:#b3261e}"          \
    "table{width:100%;border-collapse:collapse;font-size:.92rem}"                                  \
    "td{padding:.3rem .5rem .3rem 0;border-top:1px solid var(--line);vertical-align:top}"          \
    "tr:first-child td{border-top:0}td:first-child{width:13rem;overflow-wrap:anywhere}"            \
    "td:nth-child(2){color:var(--soft)}.need{color:#b3261e}"

struct str openapi_style(void)
{
    return STR(STYLE);
}

/* --- Text --- */

static void put_text(struct buf *out, const char *text)
{
    for (; text != NULL && *text != '\0'; text++) {
        switch (*text) {
        case '&': buf_literal(out, "&amp;"); break;
        case '<': buf_literal(out, "&lt;"); break;
        case '>': buf_literal(out, "&gt;"); break;
        case '"': buf_literal(out, "&quot;"); break;
        default: buf_char(out, *text);
        }
    }
}

static const char *member(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

int openapi_append(const char *text, size_t len, void *context)
{
    buf_append(context, text, len);
    return 0;
}

static void put_json(struct buf *out, const json_t *json, size_t flags)
{
    struct buf text = BUF_INIT(1 << 16);

    if (json_dump_callback(json, openapi_append, &text, flags | JSON_ENCODE_ANY) == 0) {
        buf_char(&text, '\0');
        put_text(out, text.ptr);
    }
    buf_free(&text);
}

/* Paragraphs stand between empty lines, code between grave accents. */
static void put_words(struct buf *out, const char *text)
{
    bool code = false;

    for (; text != NULL && *text != '\0'; text++) {
        const char one[] = {*text, '\0'};
        if (text[0] == '\n' && text[1] == '\n') {
            buf_literal(out, "</p><p>");
            text++;
        } else if (*text == '`') {
            buf_str(out, code ? STR("</code>") : STR("<code>"));
            code = !code;
        } else {
            put_text(out, one);
        }
    }
}

/* --- What is what --- */

static const json_t *resolve(const json_t *document, const json_t *object)
{
    const char *ref = member(object, "$ref");
    const char *name = ref != NULL ? strrchr(ref, '/') : NULL;
    const json_t *components = json_object_get(document, "components");
    static const char *const kinds[] = {"schemas", "responses", "headers"};

    for (size_t i = 0; name != NULL && i < COUNT(kinds); i++) {
        const char *kind = strstr(ref, kinds[i]);
        if (kind != NULL && kind < name)
            return json_object_get(json_object_get(components, kinds[i]), name + 1);
    }
    return object;
}

static void put_limit(struct buf *out, const json_t *schema, const char *name, const char *words)
{
    const json_t *value = json_object_get(schema, name);

    if (value == NULL)
        return;
    buf_literal(out, ", ");
    buf_str(out, str_from(words));
    buf_char(out, ' ');
    put_json(out, value, JSON_COMPACT);
}

/* ": 1, 2" */
static void put_values(struct buf *out, const json_t *values)
{
    const json_t *one;
    size_t i;

    json_array_foreach(values, i, one)
    {
        buf_str(out, i == 0 ? STR(": ") : STR(", "));
        put_json(out, one, JSON_COMPACT);
    }
}

/* " (date-time)", or of several forms "date-time or date". */
static void put_formats(struct buf *out, const json_t *schema)
{
    const json_t *any = json_object_get(schema, "anyOf"), *part;
    size_t i;

    if (member(schema, "format") != NULL) {
        buf_literal(out, " (");
        put_text(out, member(schema, "format"));
        buf_char(out, ')');
    }
    json_array_foreach(any, i, part)
    {
        if (i > 0)
            buf_literal(out, " or ");
        put_text(out, member(part, member(part, "format") != NULL ? "format" : "type"));
        put_values(out, json_object_get(part, "enum"));
        if (json_object_get(part, "const") != NULL)
            put_json(out, json_object_get(part, "const"), JSON_COMPACT);
    }
}

/* "string, length at least 1, at most 200" */
static void put_type(struct buf *out, const json_t *schema)
{
    const json_t *type = json_object_get(schema, "type"), *part;
    size_t i;

    if (json_is_string(type))
        put_text(out, json_string_value(type));
    json_array_foreach(type, i, part)
    {
        if (i > 0)
            buf_literal(out, " or ");
        put_text(out, json_string_value(part));
    }
    put_formats(out, schema);
    if (json_object_get(schema, "items") != NULL) {
        buf_literal(out, " of ");
        put_type(out, json_object_get(schema, "items"));
    }
    put_values(out, json_object_get(schema, "enum"));
    put_limit(out, schema, "minimum", "at least");
    put_limit(out, schema, "maximum", "at most");
    put_limit(out, schema, "exclusiveMinimum", "more than");
    put_limit(out, schema, "exclusiveMaximum", "less than");
    put_limit(out, schema, "multipleOf", "a multiple of");
    put_limit(out, schema, "minLength", "length at least");
    put_limit(out, schema, "maxLength", "at most");
    put_limit(out, schema, "maxItems", "at most");
    put_limit(out, schema, "pattern", "matches");
    put_limit(out, schema, "default", "default");
}

static void put_row(struct buf *out, const char *name, const char *where, bool required,
                    const json_t *schema, const char *help)
{
    buf_literal(out, "<tr><td><code>");
    put_text(out, name);
    buf_literal(out, "</code>");
    if (required)
        buf_literal(out, " <span class=need>required</span>");
    buf_literal(out, "</td><td>");
    if (where != NULL) {
        put_text(out, where);
        buf_literal(out, "</td><td>");
    }
    put_type(out, schema);
    buf_literal(out, "</td><td>");
    put_words(out, help);
    buf_literal(out, "</td></tr>");
}

/* --- One operation --- */

static void put_parameters(struct buf *out, const json_t *list)
{
    const json_t *one;
    size_t i;

    if (json_array_size(list) == 0)
        return;
    buf_literal(out, "<h4>Parameters</h4><table>");
    json_array_foreach(list, i, one) put_row(
        out, member(one, "name"), member(one, "in"), json_is_true(json_object_get(one, "required")),
        json_object_get(one, "schema"), member(one, "description"));
    buf_literal(out, "</table>");
}

static bool is_listed(const json_t *list, const char *name)
{
    const json_t *one;
    size_t i;

    json_array_foreach(list, i, one) if (strcmp(json_string_value(one), name) == 0) return true;
    return false;
}

/* The fields of an object, and behind each those within it, by their paths. */
static void put_fields(struct buf *out, const char *before, const json_t *schema)
{
    const json_t *required = json_object_get(schema, "required"), *value, *inner;
    const char *name;
    char path[PATH_SIZE];

    json_object_foreach((json_t *)(uintptr_t)json_object_get(schema, "properties"), name, value)
    {
        snprintf(path, sizeof path, "%s%s", before, name);
        put_row(out, path, NULL, is_listed(required, name), value, member(value, "description"));
        inner = json_object_get(value, "items") != NULL ? json_object_get(value, "items") : value;
        if (json_object_get(inner, "properties") != NULL) {
            snprintf(path, sizeof path, "%s%s%s.", before, name, inner != value ? "[]" : "");
            put_fields(out, path, inner);
        }
    }
}

/* Where there are several forms, the first is described. */
static void put_body(struct buf *out, const json_t *document, const json_t *body)
{
    const json_t *contents = json_object_get(body, "content"), *schema;
    const char *name = json_object_iter_key(json_object_iter((json_t *)(uintptr_t)contents));
    bool many;

    if (name == NULL)
        return;
    schema = json_object_get(json_object_get(contents, name), "schema");
    many = json_object_get(schema, "anyOf") != NULL;
    if (many)
        schema = json_array_get(json_object_get(schema, "anyOf"), 0);
    schema = resolve(document, schema);
    buf_literal(out, "<h4>Body: ");
    put_text(out, name);
    buf_str(out, many ? STR(", one of these or an array</h4><table>") : STR("</h4><table>"));
    put_fields(out, "", schema);
    buf_literal(out, "</table>");
    if (json_object_get(schema, "examples") != NULL) {
        buf_literal(out, "<pre>");
        put_json(out, json_array_get(json_object_get(schema, "examples"), 0), JSON_INDENT(2));
        buf_literal(out, "</pre>");
    }
}

static void put_responses(struct buf *out, const json_t *document, const json_t *responses)
{
    const json_t *value;
    const char *status, *name;

    buf_literal(out, "<h4>Answers</h4><table>");
    json_object_foreach((json_t *)(uintptr_t)responses, status, value)
    {
        const json_t *response = resolve(document, value), *header;
        bool first = true;
        buf_literal(out, "<tr><td><code>");
        put_text(out, status);
        buf_literal(out, "</code></td><td>");
        put_words(out, member(response, "description"));
        json_object_foreach((json_t *)(uintptr_t)json_object_get(response, "headers"), name, header)
        {
            buf_str(out, first ? STR("</td><td>") : STR(", "));
            put_text(out, name);
            first = false;
        }
        buf_literal(out, "</td></tr>");
    }
    buf_literal(out, "</table>");
}

static void put_operation(struct buf *out, const json_t *document, const char *path,
                          const char *method, const json_t *operation)
{
    buf_literal(out, "<details><summary><span class=\"method ");
    put_text(out, method);
    buf_literal(out, "\">");
    for (const char *c = method; *c != '\0'; c++)
        buf_char(out, (char)(*c >= 'a' && *c <= 'z' ? *c - ('a' - 'A') : *c));
    buf_literal(out, "</span><span class=path>");
    put_text(out, path);
    buf_literal(out, "</span><span class=words>");
    put_text(out, member(operation, "summary"));
    buf_literal(out, "</span></summary><div>");
    if (json_array_size(json_object_get(operation, "security")) > 0)
        buf_literal(out, "<p>Needs a session: <code>Authorization: Bearer</code> with its token, "
                         "or its cookie.</p>");
    put_parameters(out, json_object_get(operation, "parameters"));
    put_body(out, document, json_object_get(operation, "requestBody"));
    put_responses(out, document, json_object_get(operation, "responses"));
    buf_literal(out, "</div></details>");
}

/* --- The whole --- */

static const char *tag_of(const json_t *operation)
{
    return json_string_value(json_array_get(json_object_get(operation, "tags"), 0));
}

/* HEAD and OPTIONS are the same everywhere: the text above says so. */
static bool is_shown(const char *method)
{
    return strcmp(method, "head") != 0 && strcmp(method, "options") != 0;
}

static void put_tag(struct buf *out, const json_t *document, const json_t *about)
{
    const json_t *item, *operation;
    const char *path, *method, *tag = member(about, "name");

    buf_literal(out, "<h2>");
    put_text(out, tag);
    buf_literal(out, "</h2><p>");
    put_words(out, member(about, "description"));
    buf_literal(out, "</p>");
    json_object_foreach((json_t *)(uintptr_t)json_object_get(document, "paths"), path, item)
        json_object_foreach((json_t *)(uintptr_t)item, method,
                            operation) if (is_shown(method) && strcmp(tag_of(operation), tag) == 0)
            put_operation(out, document, path, method, operation);
}

void openapi_page(const json_t *document, struct buf *out)
{
    const json_t *info = json_object_get(document, "info"), *tag;
    size_t i;

    buf_literal(out, "<!DOCTYPE html><html lang=en><head><meta charset=utf-8>"
                     "<meta name=viewport content=\"width=device-width,initial-scale=1\"><title>");
    put_text(out, member(info, "title"));
    buf_literal(out, " API</title><style>" STYLE "</style></head><body><h1>");
    put_text(out, member(info, "title"));
    buf_literal(out, " API</h1><p>Version ");
    put_text(out, member(info, "version"));
    buf_literal(out, " &middot; <a href=\"/api/openapi.json\">OpenAPI document</a></p>");
    buf_literal(out, "<p>");
    put_words(out, member(info, "description"));
    buf_literal(out, "</p>");
    json_array_foreach(json_object_get(document, "tags"), i, tag) put_tag(out, document, tag);
    buf_literal(out, "</body></html>\n");
}
