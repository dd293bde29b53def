// SPDX-License-Identifier: BSD-2-Clause
// What the OpenAPI document says of a resource.

let document_ = null;

export async function load() {
    const response = await fetch("/api/openapi.json", {headers: {Accept: "application/json"}});
    if (!response.ok) throw new Error(`The API's description: ${response.status}`);
    document_ = await response.json();
    return document_;
}

export const has = path => path in document_.paths;

export function resolve(object) {
    if (!object || !object.$ref) return object;
    return object.$ref.split("/").slice(1).reduce((at, name) => at[name], document_);
}

function bodyOf(operation) {
    const content = operation && operation.requestBody && operation.requestBody.content;
    if (!content) return null;
    const schema = content["application/json"].schema;
    return resolve(schema.anyOf ? schema.anyOf[0] : schema);
}

const isNull = part => part.type === "null" || part.const === null;

// One type, whether null may stand for it, and what it may be.
export function plain(schema) {
    const merged = {...resolve(schema || {})};
    if (merged.anyOf) {
        const parts = merged.anyOf.map(resolve);
        const others = parts.filter(part => !isNull(part));
        merged.nullable = others.length < parts.length;
        delete merged.anyOf;
        if (others.length && others.every(part => "const" in part))
            merged.enum = others.map(part => part.const);
        else if (others.length === 1) Object.assign(merged, others[0]);
        else if (others.every(part => /^date/.test(part.format || "")))
            Object.assign(merged, {type: "string", format: "date-time"});
        else merged.mixed = true;
    }
    if (Array.isArray(merged.type)) {
        const types = merged.type.filter(type => type !== "null");
        merged.nullable = types.length < merged.type.length;
        merged.mixed = types.length !== 1;
        merged.type = types[0];
    }
    return merged;
}

function kindOfString(schema) {
    if (schema.format === "date-time") return "time";
    if (schema.format === "date") return "date";
    if (schema.format || schema.pattern) return "text";
    return schema.maxLength > 0 && schema.maxLength <= 200 ? "text" : "long";
}

function kindOfArray(schema) {
    const items = schema.items ? plain(schema.items) : {};
    const inner = kindOf(items);
    if (inner === "object") return "groups";
    return ["text", "long", "number", "choice", "check", "date"].includes(inner) ? "lines" : "json";
}

// How a value is shown and typed.
export function kindOf(schema) {
    if (schema.mixed) return "json";
    if (schema.enum) return "choice";
    switch (schema.type) {
    case "string": return kindOfString(schema);
    case "integer": case "number": return "number";
    case "boolean": return "check";
    case "array": return kindOfArray(schema);
    case "object": return schema.properties && Object.keys(schema.properties).length &&
                          !schema.additionalProperties ? "object" : "json";
    default: return "json";
    }
}

// The default is told in words: "(default true)".
function defaultOf(schema) {
    const words = /(?:^|\()[Dd]efault (.+?)\)?$/.exec(schema.description || "");
    try { return words ? JSON.parse(words[1]) : undefined; } catch { return undefined; }
}

// Fields of an object: types from what is shown, the rest from what is sent.
export function fieldsOf(shown, sent) {
    const all = new Set([...Object.keys(shown.properties || {}),
                         ...Object.keys((sent && sent.properties) || {})]);
    const names = [...all].sort((a, b) => (a === "_id") - (b === "_id")); // _id is the last
    return names.map(name => {
        const as = plain((shown.properties || {})[name] || sent.properties[name]);
        const given = sent && sent.properties && sent.properties[name];
        const from = given ? plain(given) : as;
        return {name, schema: as, kind: kindOf(as), sent: Boolean(given),
                required: Boolean(sent && (sent.required || []).includes(name)),
                initial: defaultOf(from), help: helpOf(name, from, as), inner: innerOf(as, from)};
    });
}

function innerOf(shown, sent) {
    const of = kindOf(shown);
    if (of === "object") return fieldsOf(shown, sent);
    if (of === "groups") return fieldsOf(plain(shown.items), plain((sent || shown).items));
    return [];
}

function bounds(schema, low, high, unit) {
    if (low !== undefined && high !== undefined) return `${low} to ${high}${unit}`;
    if (low !== undefined) return `at least ${low}${unit}`;
    return high !== undefined ? `at most ${high}${unit}` : "";
}

function helpOf(name, sent, shown) {
    const length = shown.type === "string" && !shown.enum;
    return [name === "_id" ? "Made by the server where it is left empty" : sent.description,
            shown.exclusiveMinimum !== undefined && `more than ${shown.exclusiveMinimum}`,
            shown.exclusiveMaximum !== undefined && `less than ${shown.exclusiveMaximum}`,
            bounds(shown, shown.minimum, shown.maximum, ""),
            length && shown.maxLength !== undefined &&
                bounds(shown, undefined, shown.maxLength, " characters"),
            shown.multipleOf !== undefined && `a multiple of ${shown.multipleOf}`,
            shown.type === "integer" && "a whole number"].filter(Boolean);
}

const PAGING = ["q", "sort", "page", "after", "limit", "fields", "ids"];

function facetsOf(path) {
    const facets = document_.paths[`${path}/facets`];
    const by = facets && (facets.get.parameters || []).find(one => one.name === "by");
    if (!by) return [];
    const values = (by.schema.items || by.schema).enum;
    return values || [];
}

// Of ids and times each document has its own: they are nothing to choose from.
const isChoosable = ({schema}) => !plain(schema.items || schema).format;

// Whether the resource has a named list of this name (/api/products/featured).
export function isList({path}, name) {
    const item = document_.paths[`${path}/${name}`];
    return Boolean(item && item.get && /^list/.test(item.get.operationId));
}

// All that pages need of a resource, as / names it; listed: the path of the list that is shown.
export function describe({name, path, description, can}, listed = path) {
    const list = document_.paths[path];
    const item = document_.paths[`${path}/{id}`];
    const answer = resolve(item.get.responses["200"].content["application/json"].schema);
    const shown = resolve(answer.properties.data);
    const made = bodyOf(list.post), changed = bodyOf(item.patch || item.put);
    const query = document_.paths[listed].get.parameters.filter(one => one.in === "query");
    return {
        name, path, listed, description, can,
        lives: /event-stream/.test(list.get.responses["200"].description), // words say so
        may: what => can.includes(what),
        singular: (item.get.summary || "").replace(/^Read one /, "") || name,
        fields: fieldsOf(shown, made),
        changes: fieldsOf(shown, changed).map(field => ({
            ...field, required: (shown.required || []).includes(field.name)})),
        searches: query.some(one => one.name === "q"),
        sorts: (query.find(one => one.name === "sort") || {schema: {}}).schema.enum || [],
        filters: query.filter(one => !PAGING.includes(one.name)),
        facets: listed === path ? facetsOf(path).filter(name =>
            query.some(one => one.name === name && isChoosable(one))) : [],
    };
}

// Of the fields' names, the one that documents are called by.
export function titleField(resource) {
    const texts = resource.fields.filter(field => ["text", "long"].includes(field.kind) &&
                                                  field.name !== "_id").map(field => field.name);
    return ["title", "name", "label", "subject", "headline"].find(name => texts.includes(name)) ||
           texts[0] || "_id";
}

export function titleOf(resource, item) {
    const title = item[titleField(resource)];
    return title === undefined || title === null || String(title).trim() === "" ||
           typeof title === "object" && !title.text ? String(item._id) : String(title);
}
