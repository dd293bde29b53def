// SPDX-License-Identifier: BSD-2-Clause
// /api/docs: the OpenAPI document, with curl and a form to try each operation.
import {parse, request} from "./api.js";
import {el, heading, show} from "./dom.js";
import {load, plain, resolve} from "./schema.js";

const STREAM = "text/event-stream";
const METHODS = ["get", "post", "put", "patch", "delete"];

// `code` and paragraphs, as the document has them.
const marked = text => text.split("`").map((one, i) => i % 2 ? el("code", {}, one) : one);
const words = text => (text || "").split("\n\n").map(part => el("p", {}, marked(part)));

function typeText(schema) {
    const one = plain(schema);
    const values = one.enum ? `: ${one.enum.join(", ")}` : "";
    const of = one.type === "array" && one.items ? ` of ${typeText(one.items)}` : "";
    const bound = [["minimum", "at least"], ["maximum", "at most"], ["maxLength", "at most"],
                   ["maxItems", "at most"], ["default", "default"]]
        .filter(([name]) => one[name] !== undefined).map(([name, word]) => `, ${word} ${one[name]}`);
    return `${one.type || "any"}${one.format ? ` (${one.format})` : ""}${of}${values}${bound.join("")}`;
}

function table(caption, rows) {
    return rows.length ? el("div", {class: "wide", tabindex: "0", role: "group", "aria-label": caption}, el("table", {class: "doc"}, el("caption", {}, caption),
        el("tbody", {}, rows.map(([name, ...rest]) => el("tr", {}, el("th", {scope: "row"}, el("code", {}, name)),
            rest.map(one => el("td", {}, marked(one)))))))) : null;
}

function fieldRows(schema, before = "") {
    const object = plain(schema), required = object.required || [];
    return Object.entries(object.properties || {}).flatMap(([name, one]) => {
        const field = plain(one), inner = field.items ? plain(field.items) : field;
        const deeper = inner.properties
            ? fieldRows(inner, `${before}${name}${field.items ? "[]" : ""}.`) : [];
        return [[before + name, `${typeText(one)}${required.includes(name) ? ", required" : ""}`,
                 field.description || ""], ...deeper];
    });
}

function bodyOf(operation) {
    if (!operation.requestBody) return null;
    const [type] = Object.keys(operation.requestBody.content);
    const {schema} = operation.requestBody.content[type];
    return {type, schema: resolve(schema.anyOf ? schema.anyOf[0] : schema)};
}

const quote = text => `'${text.replaceAll("'", "'\\''")}'`;

// --- Trying it ---

// What it cannot be tried without.
function exampleOf({required, example, schema}) {
    const [first] = (schema.items || schema).enum || [];
    return required ? String(example ?? first ?? "") : "";
}

function inputs(operation, id, body) {
    const fields = (operation.parameters || []).filter(one => one.in !== "cookie").map((one, i) => {
        const name = `${id}-${i}`;
        const input = el("input", {id: name, type: "text", autocomplete: "off", value: exampleOf(one)});
        Object.assign(input, {parameter: one});
        return {input, node: el("div", {class: "field"}, el("label", {for: name}, one.name), input)};
    });
    const example = body && body.schema.examples && body.schema.examples[0];
    const text = body && el("textarea", {id: `${id}-body`, rows: 8, spellcheck: "false",
                                         value: JSON.stringify(example || {}, null, 2)});
    return {fields, text, nodes: [el("div", {class: "columns"}, fields.map(one => one.node)), text &&
        el("div", {class: "field"}, el("label", {for: `${id}-body`}, "Body"), text)]};
}

function asked(path, {fields, text}, body) {
    const query = new URLSearchParams(), headers = {};
    let target = path;
    for (const {input} of fields) {
        const {name} = input.parameter, value = input.value.trim();
        if (input.parameter.in === "path") target = target.replace(`{${name}}`, encodeURIComponent(value));
        else if (value === "") continue;
        else if (input.parameter.in === "query") query.append(name, value);
        else headers[name] = value;
    }
    return {target: target + (query.size ? `?${query}` : ""), headers, type: body && body.type,
            text: text && text.value};
}

function curl(program, method, {target, headers, type, text}, needsSession) {
    const lines = [`${program} ${method === "get" ? "" : `-X ${method.toUpperCase()} `}` +
                   quote(location.origin + target)];
    if (needsSession) lines.push(`-H "Authorization: Bearer $TOKEN"`);
    for (const [name, value] of Object.entries(headers)) lines.push(`-H ${quote(`${name}: ${value}`)}`);
    if (type) lines.push(`-H ${quote(`Content-Type: ${type}`)}`, `-d ${quote(text)}`);
    return lines.join(" \\\n  ");
}

function bodyToSend(text) {
    try { return {body: parse(text)}; } catch { return null; }
}

async function send(method, call, place) {
    const sent = call.text === null ? {} : bodyToSend(call.text);
    if (!sent) {
        place.replaceChildren(el("p", {class: "error"}, "The body is no JSON"));
        return;
    }
    const began = performance.now();
    const answer = await request(method.toUpperCase(), call.target,
                                 {...sent, type: call.type, headers: call.headers});
    const took = `${Math.round(performance.now() - began)} ms`;
    let text = answer.text;
    try { text = JSON.stringify(JSON.parse(text), null, 2); } catch { /* it is shown as it is */ }
    place.replaceChildren(
        el("p", {}, el("strong", {}, answer.status ? String(answer.status) : "No answer"), ` in ${took}`),
        el("pre", {tabindex: "0", "aria-label": "Headers"},
           [...answer.headers].map(([name, value]) => `${name}: ${value}`).join("\n")),
        text ? el("pre", {tabindex: "0", "aria-label": "Body of the answer"},
                  text.length > 20000 ? `${text.slice(0, 20000)}\n…` : text) : null);
}

// Its answer never ends: there is curl for it.
function isStream({responses}) {
    const {content = {}} = resolve(responses["200"]) || {};
    return Object.keys(content).join() === STREAM;
}

function tryIt(method, path, operation, id) {
    const body = bodyOf(operation), made = inputs(operation, id, body);
    const place = el("div", {class: "answer", "aria-live": "polite"});
    const command = el("pre", {tabindex: "0", "aria-label": "curl"});
    const needs = (operation.security || []).length > 0;
    const stream = isStream(operation), first = stream ? "curl -N" : "curl";
    const call = () => {
        const {headers, ...rest} = asked(path, made, body);
        return {...rest, headers: stream ? {Accept: STREAM, ...headers} : headers};
    };
    const refresh = () => { command.textContent = curl(first, method, call(), needs); };
    refresh();
    return el("form", {class: "try", novalidate: true, oninput: refresh, onsubmit: event => {
        event.preventDefault();
        if (!stream) send(method, call(), place);
    }}, made.nodes, command, stream ? null : el("p", {class: "actions"},
        el("button", {type: "submit", class: "main"}, "Try")), place);
}

// --- What there is ---

function details(method, path, operation, id) {
    const body = bodyOf(operation);
    return [(operation.security || []).length
        ? el("p", {class: "quiet"}, "Needs a session: ", el("code", {}, "Authorization: Bearer"),
             " with its token, or its cookie.") : null,
        table("Parameters", (operation.parameters || []).map(one => [one.name,
            `${one.in}, ${typeText(one.schema)}${one.required ? ", required" : ""}`, one.description || ""])),
        body && table(`Body: ${body.type}`, fieldRows(body.schema)),
        table("Answers", Object.entries(operation.responses).map(([status, one]) => {
            const response = resolve(one);
            return [status, response.description || "", Object.keys(response.headers || {}).join(", ")];
        })), tryIt(method, path, operation, id)];
}

function operationNode(method, path, operation) {
    const id = `op-${operation.operationId}`;
    const node = el("details", {id, class: "operation"}, el("summary", {},
        el("span", {class: `method ${method}`}, method.toUpperCase()),
        el("span", {class: "path"}, path), el("span", {class: "quiet"}, operation.summary || "")));
    node.addEventListener("toggle", () => {
        if (node.open && node.children.length === 1)
            node.append(el("div", {class: "inside"}, details(method, path, operation, id)));
    });
    return node;
}

export async function open() {
    const document_ = await load();
    const {info, tags, paths} = document_;
    const operations = Object.entries(paths).flatMap(([path, item]) =>
        METHODS.filter(method => item[method]).map(method => [method, path, item[method]]));
    show("API", heading(`${info.title} API`), el("p", {class: "quiet"}, `Version ${info.version} · `,
            el("a", {href: "/api/openapi.json"}, "OpenAPI document"), " · ",
            el("a", {href: "/api/resource.schema.json"}, "Schema of resource files")),
         words(info.description),
         tags.map(tag => el("section", {class: "tag"}, el("h2", {}, tag.name), words(tag.description),
             operations.filter(one => one[2].tags.includes(tag.name)).map(one => operationNode(...one)))));
    const named = location.hash && document.getElementById(`op-${location.hash.slice(1)}`);
    if (named && named.tagName === "DETAILS") {
        named.open = true;
        named.scrollIntoView();
    }
}
