/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LARDER_SCHEMA_SCHEMA_H
#define LARDER_SCHEMA_SCHEMA_H

#include "base/arena.h"
#include "base/buf.h"
#include "schema/resource.h"

/* All served resources, read from a folder of files (docs/resources.md) at start. */

struct schema; /* opaque */

/* Reads every *.json of the folder, in the order of their names, and checks each and all of them
 * together.  ERR_OK: *schema is the caller's to schema_free.  ERR_INVALID and ERR_IO: problems has
 * a line for each thing that is wrong, "recipes.json: /schema/properties/minutes/minimum: must be a
 * number", and *schema is NULL. */
enum err schema_load(const char *folder, struct schema **schema, struct buf *problems);
/* The same for files given by their names, as `larderctl resource check` has them. */
enum err schema_load_files(char *const *files, size_t count, struct schema **schema,
                           struct buf *problems);
/* NULL is allowed. */
void schema_free(struct schema *schema);

size_t schema_count(const struct schema *schema);
/* By its index, in the order of the files' names. */
const struct resource *schema_resource(const struct schema *schema, size_t index);
/* By its name, or NULL. */
const struct resource *schema_find(const struct schema *schema, struct str name);
/* A hash of all resources, for answers that depend on several. */
struct str schema_hash(const struct schema *schema);
/* The file that a resource was read from. */
struct str schema_file(const struct schema *schema, const struct resource *resource);

/* The query text of a JSON value, borrowed from it or in the arena. False for arrays and objects.
 */
struct json_t;
bool schema_query_text(const struct json_t *json, struct arena *arena, struct str *text);

/* Reads a built-in JSON Schema (an account, a sign-in). Aborts on an error in it. Lives as long as
 * the process. */
const struct field *schema_form(const char *text);
/* Reads the document of a resource that is such a form, unless it has been read.  From any thread.
 */
void schema_form_once(struct resource *form, const char *text);

/* resource.schema.json: the JSON Schema of these files, for editors.  Static. */
struct str schema_of_files(void);

#endif
