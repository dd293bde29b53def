# SPDX-License-Identifier: BSD-2-Clause
"""Uses the client that openapi-python-client makes of the document; what was answered goes to
standard output as JSON."""
import datetime
import json
import sys

from made import AuthenticatedClient, Client
from made.api.devices import list_devices
from made.api.products import create_product
from made.api.recipes import (create_recipe, delete_recipe, get_recipe, list_quick_recipes,
                              list_recipes, patch_recipe)
from made.api.sessions import sign_in
from made.models import (ListRecipesFieldsItem, MergedRecipe, NewProduct, NewRecipe, NewRecipeChefType0,
                         NewRecipeCuisineType0, NewRecipeStepsType0Item,
                         NewSignIn, Problem, RecipePage, RecipeWritten)

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
removed = delete_recipe.sync_detailed(recipes[0], client=client)
devices = [list_devices.sync_detailed(client=who).status_code for who in (anybody, client)]

print(json.dumps({
    "stocked": product.in_stock, "named": [one.title for one in named.data],
    "fields": named.data[0].to_dict(), "picked": [one.title for one in picked.data],
    "quick": quick.count, "changed": changed.data.chef.to_dict(),
    "tags": item.to_dict().get("tags"), "published": item.published.isoformat(),
    "refused": [error.field for error in refused.errors],
    "statuses": [nobody.status_code, unknown.status_code, removed.status_code, *devices]}))
