// SPDX-License-Identifier: BSD-2-Clause
// /status: how this host does, for administrators.
import {get, request} from "./api.js";
import {el, heading, show, showFailure, showProblem, signInLink, tell} from "./dom.js";
import {clear, mark} from "./form.js";
import {describe, titleOf} from "./schema.js";
import {textOf} from "./value.js";

const EVERY_MS = 1500;
const NAMES = {memory: "Shared memory", redis: "Redis", stale: "Stale, renewed behind it",
               staleIfError: "Stale, for want of the database", collapsed: "Joined another fill",
               miss: "Database", writeFence: "During a write", pending: "Pending invalidation",
               redisDown: "Without Redis", newCache: "New cache"};
const SERVERS = {mongo: "MongoDB", redis: "Redis", memory: "Shared memory"};

const percent = ratio => ratio === null ? "–" : `${(100 * ratio).toFixed(1)} %`;

function bytes(count) {
    if (count === null) return "–";
    const units = ["B", "KiB", "MiB", "GiB", "TiB"];
    let unit = 0;
    for (; count >= 1024 && unit < units.length - 1; unit++) count /= 1024;
    return `${count < 10 && unit ? count.toFixed(1) : Math.round(count)} ${units[unit]}`;
}

const figure = (name, value, more) => el("div", {class: "figure"}, el("span", {class: "quiet"}, name),
    el("strong", {}, value), more ? el("span", {class: "quiet"}, more) : null);

function layers({cache}) {
    return el("table", {class: "figures"}, el("caption", {}, "Look-ups of the cache, by layer"),
        el("tbody", {}, cache.layers.filter(one => one.count || ["memory", "redis", "miss"].includes(one.name))
            .map(one => el("tr", {}, el("th", {scope: "row"}, NAMES[one.name] || one.name),
                el("td", {class: "bar"}, el("meter", {min: 0, max: 1, value: one.ratio,
                                                      "aria-label": NAMES[one.name] || one.name})),
                el("td", {class: "number"}, percent(one.ratio)),
                el("td", {class: "number quiet"}, String(one.count))))));
}

function connections({connections: all}) {
    const reasons = all.reasons || {};
    return el("table", {class: "figures"}, el("caption", {}, "Connections"), el("tbody", {},
        Object.entries(SERVERS).map(([name, words]) => el("tr", {}, el("th", {scope: "row"}, words),
            el("td", {}, el("span", {class: ["up", "valid"].includes(all[name]) ? "good" : "wrong"},
                            all[name])),
            el("td", {class: "why"}, reasons[name] || "")))));
}

const WAYS = {streams: "by change streams", times: "by the times in their documents",
              behind: "not in time", off: "no: they show when an answer’s time is over"};

function following({follow}) {
    const followed = ["streams", "times"].includes(follow.way);
    const rows = [["Followed", el("span", {class: follow.way === "behind" ? "wrong" : followed ? "good" : "quiet"},
                                  WAYS[follow.way] || follow.way)]];
    if (followed || follow.way === "behind")
        rows.push(["Last look", follow.seenSecondsAgo === null ? "–" : `${follow.seenSecondsAgo} s ago`],
                  ["Shown after", `${follow.lagSeconds} s`], ["Changes seen", String(follow.changes)]);
    if (follow.resets) rows.push(["Positions lost", String(follow.resets)]);
    return el("table", {class: "figures"}, el("caption", {}, "Writes of other programs"), el("tbody", {},
        rows.map(([name, value]) => el("tr", {}, el("th", {scope: "row"}, name), el("td", {}, value)))));
}

function indexes({missingIndexes: missing}) {
    return missing.length ? el("table", {class: "figures"},
        el("caption", {}, "Missing indexes: some lists are slow until ", el("code", {}, "larderctl reindex"),
           " has made them"),
        el("tbody", {}, missing.map(one => el("tr", {}, el("th", {scope: "row"}, one.resource),
                                              el("td", {}, one.keys))))) : null;
}

function popular(status, titles) {
    if (!status.popular.length) return null;
    return el("table", {class: "figures"}, el("caption", {}, "Most read"), el("tbody", {},
        status.popular.map(one => el("tr", {}, el("th", {scope: "row"},
            el("a", {href: `/r/${one.resource}/${encodeURIComponent(textOf(one._id))}`},
               titles.get(`${one.resource} ${one._id}`) || textOf(one._id))),
            el("td", {class: "name"}, one.resource),
            el("td", {class: "number"}, String(one.views))))));
}

// What the most read are called: one request a resource, for those not known yet.
async function learn(status, resources, titles) {
    for (const resource of resources) {
        const ids = status.popular.filter(one => one.resource === resource.name &&
            !titles.has(`${one.resource} ${one._id}`)).map(one => textOf(one._id));
        if (!ids.length || !resource.can.includes("read")) continue;
        const answer = await get(`${resource.path}?ids=${ids.map(encodeURIComponent).join(",")}`);
        if (!answer.ok) continue;
        const described = describe(resource);
        for (const item of answer.data.data)
            titles.set(`${resource.name} ${item._id}`, titleOf(described, item));
        for (const id of ids) // those that are gone are not asked for again
            if (!titles.has(`${resource.name} ${id}`)) titles.set(`${resource.name} ${id}`, id);
    }
}

function draw(place, status, titles) {
    const {requests, cache, pendingInvalidations: pending, memory} = status;
    place.replaceChildren(...[el("div", {class: "figureboard"},
        figure("Requests a second", String(requests.perSecond), `${requests.total} in all, ${requests.failed} failed`),
        figure("Hit ratio", percent(cache.hitRatio), `${cache.lookups} look-ups`),
        figure("Pending invalidations", String(pending.open),
               pending.open ? `the oldest for ${pending.oldestSeconds} s` : `${pending.fences} writes under way`),
        figure("Shared memory", bytes(memory.usedBytes), `of ${bytes(memory.bytes)}, ${memory.records} answers`),
        figure("Redis", bytes(memory.redisBytes),
               memory.redisEvictions ? `${memory.redisEvictions} evicted` : null),
        figure("Workers", String(status.workers), `${bytes(memory.workersBytes)}, ${status.streams} live streams`)),
        el("div", {class: "boards"}, connections(status), layers(status), following(status), indexes(status),
           popular(status, titles))].filter(Boolean));
}

function purge() {
    const form = el("form", {class: "purge", novalidate: true, onsubmit: async event => {
        event.preventDefault();
        clear(form);
        const answer = await request("POST", "/api/admin/purge", {body: {tag: form.elements.tag.value.trim()}});
        if (answer.ok) {
            tell(`Purged ${answer.data.tag}`);
            form.reset();
        } else if (mark(form, answer.data.errors || [{field: "tag", message: answer.data.message}]).length) {
            tell(answer.data.message, {bad: true});
        }
    }}, el("h2", {}, "Purge"), el("div", {class: "field"}, el("label", {for: "tag"}, "Tag"),
        el("input", {type: "text", id: "tag", name: "tag", autocomplete: "off", spellcheck: "false",
                     "aria-describedby": "tag-help tag-error"}),
        el("p", {class: "help", id: "tag-help"}, "A resource (products: all of it), one partition " +
           "(products:coffee) or one item (product:65a1b2…). Writes do this by themselves; this is for " +
           "what was changed in MongoDB itself."),
        el("p", {class: "error", id: "tag-error"})),
        el("button", {type: "submit"}, "Purge"));
    return form;
}

export async function open({user, resources}) {
    if (!user || user.role !== "admin") {
        showProblem("Status", "This page is for administrators.", user ? null : signInLink());
        return;
    }
    const place = el("div", {class: "live"}), titles = new Map();
    let timer = 0;
    const first = await get("/api/admin/status");
    if (!first.ok) {
        showFailure(first);
        return;
    }
    const take = async answer => {
        if (answer.ok) {
            await learn(answer.data, resources, titles);
            draw(place, answer.data, titles);
        } else {
            tell(`Not up to date: ${answer.data.message}`, {stay: true, bad: true});
        }
    };
    const round = async () => {
        if (document.hidden) return;
        await take(await get("/api/admin/status"));
        timer = setTimeout(round, EVERY_MS);
    };
    await take(first);
    show("Status", heading("Status"), place, purge());
    timer = setTimeout(round, EVERY_MS);
    document.addEventListener("visibilitychange", () => {
        clearTimeout(timer);
        if (!document.hidden) round();
    });
}
