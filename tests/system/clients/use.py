# SPDX-License-Identifier: BSD-2-Clause
"""Uses the client that openapi-python-client makes of the document; what was answered goes to
standard output as JSON."""
import datetime
import json
import sys

from made import AuthenticatedClient, Client
from made.api.devices import list_devices
from made.api.live import live
from made.api.products import create_product
from made.api.recipes import (create_recipe, delete_recipe, delete_recipes, get_recipe,
                              head_list_recipes, list_quick_recipes, list_recipes, patch_recipe,
                              patch_recipes, recipe_export, recipe_facets, recipe_touch)
from made.api.sessions import sign_in
from made.models import (ChangeOfOne, Changes, Facets, ListRecipesFieldsItem, MergedRecipe, NewProduct,
                         NewRecipe, NewRecipeChefType0, NewRecipeCuisineType0, NewRecipeStepsType0Item,
                         NewSignIn, Problem, RecipeExportFormat, RecipeFacetsByItem, RecipePage,
                         RecipeTouchBody, RecipeWritten)

url, email, password = sys.argv[1:]
anybody = Client(base_url=url)
# Another one: a client keeps the session's cookie.
token = sign_in.sync(client=Client(base_url=url),
                     body=NewSignIn(email=email, password=password)).token
client = AuthenticatedClient(base_url=url, token=token)

product = create_product.sync(client=client,
                              body=NewProduct(name="Chair", price=1, category="py")).data
recipes = []
for title, name, cuisine in (("Dal", "Ada", "indian"), ("Pad", "Ben", "thai"), ("Pie", "Cy", "other")):
    made = create_recipe.sync(client=client, body=NewRecipe(
        title=title, minutes=20, cuisine=NewRecipeCuisineType0(cuisine), price="12.50",
        published=datetime.date(2026, 11, 23), servings=None,
        chef=NewRecipeChefType0.from_dict({"name": name, "address": {"city": "py"}}),
        steps=[NewRecipeStepsType0Item(text="Stir", minutes=5)], tags=["a"]))
    assert isinstance(made, RecipeWritten), made
    recipes.append(made.data.field_id)

named = list_recipes.sync(client=anybody, chefs=["Ada", "Cy"], city="py",
                          fields=[ListRecipesFieldsItem.TITLE, ListRecipesFieldsItem.CHEF_NAME])
assert isinstance(named, RecipePage), named
picked = list_recipes.sync(client=anybody, ids=recipes[1::-1])
quick = list_quick_recipes.sync(client=anybody, city="py", limit=2)
changed = patch_recipe.sync(recipes[0], client=client,
                            body=MergedRecipe.from_dict({"chef": {"stars": 3}, "tags": None}))
item = get_recipe.sync(recipes[0], client=anybody).data
refused = create_recipe.sync(client=client, body=NewRecipe(title="x", minutes=0))
nobody = create_product.sync_detailed(client=anybody, body=NewProduct("Chair", 1, "py"))
assert isinstance(nobody.parsed, Problem), nobody
unknown = get_recipe.sync_detailed("65a0c0ffee0123456789abcd", client=anybody)

# What a catalogue needs.
facets = recipe_facets.sync(client=anybody, by=[RecipeFacetsByItem.CUISINE], city="py")
assert isinstance(facets, Facets), facets
several = patch_recipes.sync_detailed(client=client, body=[
    ChangeOfOne.from_dict({"_id": recipes[0], "minutes": 21}),
    ChangeOfOne.from_dict({"_id": recipes[1], "minutes": 22, "_etag": '"another"'})])
assert isinstance(several.parsed, Changes), several
head = head_list_recipes.sync_detailed(client=anybody, city="py", limit=1)
lines = recipe_export.sync(client=anybody, city="py")
table = recipe_export.sync(client=anybody, city="py", format_=RecipeExportFormat.CSV)
touched = recipe_touch.sync(client=client, body=RecipeTouchBody(ids=recipes[1:]))
# A stream goes on: it is read as it comes, from what the client would ask for.
path = f"/api/recipes/{recipes[2]}"
with anybody.get_httpx_client().stream(headers={"Accept": "text/event-stream"},
                                       **live._get_kwargs(watch=[path])) as stream:
    events = [line for line, _ in zip(stream.iter_lines(), range(4))]
gone = delete_recipes.sync(client=client, ids=",".join(recipes[1:]))
assert isinstance(gone, Changes), gone

removed = delete_recipe.sync_detailed(recipes[0], client=client)
devices = [list_devices.sync_detailed(client=who).status_code for who in (anybody, client)]

print(json.dumps({
    "stocked": product.in_stock, "named": [one.title for one in named.data],
    "fields": named.data[0].to_dict(), "picked": [one.title for one in picked.data],
    "quick": quick.count, "changed": changed.data.chef.to_dict(),
    "tags": item.to_dict().get("tags"), "published": item.published.isoformat(),
    "refused": [error.field for error in refused.errors],
    "facets": facets.to_dict()["facets"], "counted": facets.total,
    "several": [several.status_code, *[one.status for one in several.parsed.results]],
    "total": head.headers["X-Total-Count"], "lines": [json.loads(one)["title"] for one in lines.splitlines()],
    "table": table.splitlines()[0].split(",")[0], "touched": touched.touched, "events": events[2:],
    "gone": gone.count,
    "statuses": [nobody.status_code, unknown.status_code, removed.status_code, *devices]}))
