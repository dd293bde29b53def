// SPDX-License-Identifier: BSD-2-Clause
// /: the resources.
import {get} from "./api.js";
import {el, heading, show, signInLink} from "./dom.js";

async function count(resource, place) {
    const answer = await get(`${resource.path}?limit=1`);
    if (answer.ok) place.textContent = String(answer.data.total);
}

function card(resource, user) {
    const readable = resource.can.includes("read");
    const total = el("span", {class: "count"});
    if (readable) count(resource, total);
    return el("li", {}, el("a", {class: "card", href: `/r/${resource.name}`},
        el("strong", {}, resource.name), total,
        resource.description ? el("span", {class: "quiet"}, resource.description) : null,
        readable ? null : el("span", {class: "quiet"},
                             user ? "Not for your account" : "For those who have signed in")));
}

export async function open({home, user, resources}) {
    show("Larder", heading("Resources"),
         resources.length ? el("ul", {class: "cards"}, resources.map(one => card(one, user)))
                          : el("p", {class: "quiet"}, "Nothing is served here yet: a file in the " +
                               "folder of resources describes a collection."),
         el("p", {class: "quiet foot"}, `Larder ${home.version}. `,
            el("a", {href: home.docs}, "The API"), " is what these pages are made of.",
            user ? null : [" ", signInLink(), " to make changes."]));
}
