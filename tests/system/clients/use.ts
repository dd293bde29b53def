// SPDX-License-Identifier: BSD-2-Clause
// Uses the client that openapi-typescript and openapi-fetch make of the document. What must not
// compile is marked; what was answered goes to standard output as JSON.
import createClient from "openapi-fetch";
import type { components, paths } from "./api";

declare const process: { argv: string[] };
const [, , baseUrl, email, password] = process.argv as [string, string, string, string, string];
const client = createClient<paths>({ baseUrl });
const commas = createClient<paths>({
  baseUrl,
  querySerializer: { array: { style: "form", explode: false } },
});

const signedIn = await client.POST("/api/sessions", { body: { email, password } });
if (!signedIn.data) throw new Error(JSON.stringify(signedIn.error));
const headers = { Authorization: `Bearer ${signedIn.data.token}` };

// What has a default need not be given.
const product: components["schemas"]["NewProduct"] = { name: "Chair", price: 1, category: "ts" };
// @ts-expect-error the category is required
const none: components["schemas"]["NewProduct"] = { name: "Chair", price: 1 };
void none;
const made = await client.POST("/api/products", { body: product, headers });
if (!made.data || !("data" in made.data)) throw new Error(JSON.stringify(made.error));
const stocked: boolean | undefined = made.data.data.inStock;

const recipes: string[] = [];
for (const [title, name, cuisine] of [["Dal", "Ada", "indian"], ["Pad", "Ben", "thai"],
                                      ["Pie", "Cy", "other"]] as const) {
  const one = await client.POST("/api/recipes", {
    body: {
      title, minutes: 20, cuisine, price: "12.50", published: "2026-11-23", servings: null,
      chef: { name, address: { city: "ts" } }, steps: [{ text: "Stir", minutes: 5 }], tags: ["a"],
    },
    headers,
  });
  if (!one.data || !("data" in one.data)) throw new Error(JSON.stringify(one.error));
  recipes.push(one.data.data._id);
}

// Arrays repeat the parameter, or have commas between.
const query = { chefs: ["Ada", "Cy"], city: "ts", fields: ["title", "chef.name"] } as const;
const asked = { params: { query: { ...query, chefs: [...query.chefs], fields: [...query.fields] } } };
const repeated = await client.GET("/api/recipes", asked);
const joined = await commas.GET("/api/recipes", asked);
const ids = recipes.slice(0, 2).reverse();
const picked = await client.GET("/api/recipes", { params: { query: { ids } } });
const pickedJoined = await commas.GET("/api/recipes", { params: { query: { ids } } });
const quick = await client.GET("/api/recipes/quick", { params: { query: { city: "ts", limit: 2 } } });
// @ts-expect-error there is no such field
void (() => client.GET("/api/recipes", { params: { query: { fields: ["nothing"] } } }));
// @ts-expect-error a named list has chosen already
void (() => client.GET("/api/recipes/quick", { params: { query: { maxMinutes: 5 } } }));

const [first] = recipes as [string];
const path = { id: first };
const changed = await client.PATCH("/api/recipes/{id}", {
  params: { path }, body: { chef: { stars: 3 }, tags: null }, headers,
});
const item = await client.GET("/api/recipes/{id}", { params: { path } });
const chef: string | undefined = item.data?.data.chef?.name;
const bad = await client.POST("/api/recipes", {
  body: { title: "x", minutes: 0, steps: [{ text: "x" }] }, headers,
});
const refused = bad.error && "errors" in bad.error ? bad.error.errors?.map((e) => e.field) : [];
const nobody = await client.POST("/api/products", { body: product });
const unknown = await client.GET("/api/recipes/{id}", {
  params: { path: { id: "65a0c0ffee0123456789abcd" } },
});

// What a catalogue needs.
const facets = await client.GET("/api/recipes/facets", {
  params: { query: { by: ["cuisine"], city: "ts" } },
});
const counts: { value: unknown; count: number }[] | undefined = facets.data?.facets["cuisine"];
// @ts-expect-error nothing is counted by a bound
void (() => client.GET("/api/recipes/facets", { params: { query: { by: ["maxMinutes"] } } }));
const [, second, third] = recipes as [string, string, string];
const several = await client.PATCH("/api/recipes", {
  body: [{ _id: first, minutes: 21 }, { _id: second, minutes: 22, _etag: '"another"' }], headers,
});
const total = (await client.HEAD("/api/recipes", { params: { query: { city: "ts", limit: 1 } } }))
  .response.headers.get("X-Total-Count");
const lines = await client.GET("/api/recipes/export", {
  params: { query: { city: "ts" } }, parseAs: "text",
});
const table = await client.GET("/api/recipes/export", {
  params: { query: { city: "ts", format: "csv" } }, parseAs: "text",
});
const touched = await client.POST("/api/recipes/touch", { body: { ids: [second, third] }, headers });
// @ts-expect-error all is everything, or it is not given
void (() => client.POST("/api/recipes/touch", { body: { all: false }, headers }));
// A stream goes on: it is read as it comes.
const live = await client.GET("/api/live", {
  params: { query: { watch: [`/api/recipes/${third}`] } }, parseAs: "stream",
  headers: { Accept: "text/event-stream" },
});
let events = "";
for (const reader = live.data!.getReader(); !events.includes("data: "); ) {
  events += new TextDecoder().decode((await reader.read()).value);
  if (events.includes("data: ")) await reader.cancel();
}
const gone = await client.DELETE("/api/recipes", {
  params: { query: { ids: `${second},${third}` } }, headers,
});

const removed = await client.DELETE("/api/recipes/{id}", { params: { path }, headers });

const titles = (answer: { data?: { data: { title?: string | null }[] } }) =>
  answer.data?.data.map((one) => one.title);
console.log(JSON.stringify({
  stocked, repeated: titles(repeated), joined: titles(joined), picked: titles(picked),
  pickedJoined: titles(pickedJoined), quick: quick.data?.count, fields: repeated.data?.data[0],
  facets: counts, counted: facets.data?.total, total, touched: touched.data?.touched,
  several: [several.response.status, ...(several.data?.results ?? []).map((one) => one.status)],
  lines: lines.data?.trim().split("\n").map((line) => JSON.parse(line).title as string),
  table: table.data?.split(",")[0], events: events.trim().split("\n").slice(2), gone: gone.data?.count,
  changed: changed.data?.data.chef, tags: item.data?.data.tags ?? null, chef, refused,
  statuses: [nobody.response.status, unknown.response.status, removed.response.status],
}));
