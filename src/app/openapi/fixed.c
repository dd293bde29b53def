/* SPDX-License-Identifier: BSD-2-Clause */
#include "app/openapi/fixed.h"

static const char schemas[] =
    "{\"Problem\":{\"type\":\"object\",\"required\":[\"success\",\"message\",\"requestId\"],"
    "\"properties\":{\"success\":{\"const\":false},\"message\":{\"type\":\"string\"},"
    "\"errors\":{\"type\":\"array\",\"items\":{\"$ref\":\"#/components/schemas/FieldError\"}},"
    "\"requestId\":{\"type\":\"string\"}},\"additionalProperties\":false},"
    "\"FieldError\":{\"type\":\"object\",\"required\":[\"field\",\"message\"],\"properties\":{"
    "\"field\":{\"type\":\"string\"},\"message\":{\"type\":\"string\"}},"
    "\"additionalProperties\":false},"
    "\"Done\":{\"type\":\"object\",\"required\":[\"success\",\"message\"],\"properties\":{"
    "\"success\":{\"const\":true},\"message\":{\"type\":\"string\"}},"
    "\"additionalProperties\":false},"
    "\"SessionMade\":{\"type\":\"object\",\"required\":[\"success\",\"token\",\"expiresAt\","
    "\"user\"],\"properties\":{\"success\":{\"const\":true},\"token\":{\"type\":\"string\"},"
    "\"expiresAt\":{\"type\":\"string\",\"format\":\"date-time\"},"
    "\"user\":{\"$ref\":\"#/components/schemas/User\"}},\"additionalProperties\":false},"
    "\"Session\":{\"type\":\"object\",\"required\":[\"success\",\"createdAt\",\"expiresAt\","
    "\"remember\",\"user\"],\"properties\":{\"success\":{\"const\":true},"
    "\"createdAt\":{\"type\":\"string\",\"format\":\"date-time\"},"
    "\"expiresAt\":{\"type\":\"string\",\"format\":\"date-time\"},"
    "\"remember\":{\"type\":\"boolean\"},\"user\":{\"$ref\":\"#/components/schemas/User\"}},"
    "\"additionalProperties\":false},"
    "\"Dashboard\":{\"type\":\"object\",\"required\":[\"success\",\"source\",\"data\"],"
    "\"properties\":{\"success\":{\"const\":true},\"source\":{\"enum\":[\"cache\",\"database\"]},"
    "\"data\":{\"type\":\"object\",\"required\":[\"user\",\"lastLoginAt\",\"counts\",\"recent\"],"
    "\"properties\":{\"user\":{\"$ref\":\"#/components/schemas/User\"},"
    "\"lastLoginAt\":{\"type\":[\"string\",\"null\"],\"format\":\"date-time\"},"
    "\"counts\":{\"type\":\"object\",\"additionalProperties\":{\"type\":\"integer\"}},"
    "\"recent\":{\"type\":\"object\",\"properties\":{}}}}}},"
    "\"Touched\":{\"type\":\"object\",\"required\":[\"success\",\"touched\"],\"properties\":{"
    "\"success\":{\"const\":true},\"touched\":{\"type\":\"integer\",\"minimum\":0}},"
    "\"additionalProperties\":false},"
    "\"Stats\":{\"type\":\"object\",\"required\":[\"success\",\"data\"],\"properties\":{"
    "\"success\":{\"const\":true},\"data\":{\"type\":\"object\",\"required\":[\"_id\",\"views\"],"
    "\"properties\":{\"_id\":{\"type\":\"string\"},\"views\":{\"type\":[\"integer\",\"null\"],"
    "\"description\":\"null while Redis is away\"}}}}},"
    "\"Facets\":{\"type\":\"object\",\"required\":[\"success\",\"source\",\"total\",\"facets\"],"
    "\"properties\":{\"success\":{\"const\":true},\"source\":{\"enum\":[\"cache\",\"database\"]},"
    "\"total\":{\"type\":\"integer\",\"minimum\":0},\"facets\":{\"type\":\"object\","
    "\"description\":\"By the names that were asked for\",\"additionalProperties\":{"
    "\"type\":\"array\",\"items\":{\"type\":\"object\",\"required\":[\"value\",\"count\"],"
    "\"properties\":{\"value\":{},\"count\":{\"type\":\"integer\",\"minimum\":1}}}}}},"
    "\"additionalProperties\":false},"
    "\"Changes\":{\"type\":\"object\",\"required\":[\"success\",\"count\",\"results\","
    "\"requestId\"],\"properties\":{\"success\":{\"type\":\"boolean\"},"
    "\"count\":{\"type\":\"integer\",\"minimum\":0},\"requestId\":{\"type\":\"string\"},"
    "\"results\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"required\":[\"success\","
    "\"status\",\"_id\"],\"properties\":{\"success\":{\"type\":\"boolean\"},"
    "\"status\":{\"type\":\"integer\"},\"_id\":{},\"_etag\":{\"type\":\"string\"},"
    "\"data\":{\"type\":\"object\"},\"message\":{\"type\":\"string\"},\"errors\":{\"type\":"
    "\"array\","
    "\"items\":{\"$ref\":\"#/components/schemas/FieldError\"}}},"
    "\"additionalProperties\":false}}},\"additionalProperties\":false},"
    "\"ChangeOfOne\":{\"type\":\"object\",\"required\":[\"_id\"],\"properties\":{"
    "\"_id\":{\"type\":[\"string\",\"integer\"]},\"_etag\":{\"type\":\"string\",\"description\":"
    "\"Only if it still has this ETag\"}},\"description\":\"And the fields to change, as in the "
    "PATCH of one\"},"
    "\"Alive\":{\"type\":\"object\",\"required\":[\"status\"],\"properties\":{\"status\":{"
    "\"const\":\"alive\"}}},"
    "\"Ready\":{\"type\":\"object\",\"required\":[\"mongo\",\"redis\",\"status\"],\"properties\":{"
    "\"mongo\":{\"enum\":[\"up\",\"down\"]},\"redis\":{\"enum\":[\"up\",\"down\"]},"
    "\"status\":{\"enum\":[\"ready\",\"degraded\",\"down\"]}}},"
    "\"Home\":{\"type\":\"object\",\"required\":[\"success\",\"name\",\"version\",\"user\","
    "\"resources\",\"docs\"],\"properties\":{\"success\":{\"const\":true},"
    "\"name\":{\"type\":\"string\"},\"version\":{\"type\":\"string\"},"
    "\"user\":{\"type\":[\"object\",\"null\"],\"required\":[\"_id\",\"name\",\"role\"],"
    "\"properties\":{\"_id\":{\"type\":\"string\"},\"name\":{\"type\":\"string\"},"
    "\"role\":{\"type\":\"string\"}}},"
    "\"resources\":{\"type\":\"array\",\"items\":{\"type\":\"object\","
    "\"required\":[\"name\",\"path\",\"description\",\"can\"],\"properties\":{"
    "\"name\":{\"type\":\"string\"},\"path\":{\"type\":\"string\"},"
    "\"description\":{\"type\":\"string\"},\"can\":{\"type\":\"array\",\"items\":{"
    "\"enum\":[\"read\",\"create\",\"update\",\"delete\"]}}}}},"
    "\"docs\":{\"type\":\"string\"}}},"
    "\"Events\":{\"type\":\"string\",\"description\":\"A stream of the events change, gone, "
    "uncertain, alive, signed-out and refused (HTML standard, section 9.2): it goes on until the "
    "client leaves. `change` has the entity tag that the answer has now\"},"
    "\"Any\":{\"type\":\"object\"},\"Text\":{\"type\":\"string\"}}";

static const char refused[] =
    "{\"type\":\"object\",\"required\":[\"success\",\"message\"],\"properties\":{"
    "\"success\":{\"const\":false},\"message\":{\"type\":\"string\"},"
    "\"errors\":{\"type\":\"array\",\"items\":{\"$ref\":\"#/components/schemas/FieldError\"}}}}";

static const char results[] =
    "{\"type\":\"object\",\"required\":[\"success\",\"count\",\"results\",\"requestId\"],"
    "\"properties\":{\"success\":{\"type\":\"boolean\"},\"message\":{\"type\":\"string\"},"
    "\"count\":{\"type\":\"integer\",\"minimum\":0},\"requestId\":{\"type\":\"string\"}},"
    "\"additionalProperties\":false}";

static const char user_shown[] =
    "{\"_id\":{\"type\":\"string\",\"pattern\":\"^[0-9a-f]{24}$\",\"description\":\"24 hex "
    "digits\"},"
    "\"role\":{\"type\":\"string\"},"
    "\"disabled\":{\"type\":\"boolean\",\"description\":\"True: it cannot sign in\"},"
    "\"createdAt\":{\"type\":\"string\",\"format\":\"date-time\"},"
    "\"updatedAt\":{\"type\":\"string\",\"format\":\"date-time\"},"
    "\"loginCount\":{\"type\":\"integer\",\"minimum\":0},"
    "\"lastLoginAt\":{\"type\":[\"string\",\"null\"],\"format\":\"date-time\"}}";
static const char user_sent[] =
    "{\"currentPassword\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":1024,"
    "\"description\":\"To change email or password\"}}";

static json_t *fixed_parse(const char *text)
{
    return json_loads(text, 0, NULL);
}

json_t *fixed_schemas(void)
{
    return fixed_parse(schemas);
}

json_t *fixed_refused(void)
{
    return fixed_parse(refused);
}

json_t *fixed_results(void)
{
    return fixed_parse(results);
}

json_t *fixed_user_shown(void)
{
    return fixed_parse(user_shown);
}

json_t *fixed_user_sent(void)
{
    return fixed_parse(user_sent);
}

json_t *fixed_user_dependent(void)
{
    return fixed_parse("{\"email\":[\"currentPassword\"],\"password\":[\"currentPassword\"]}");
}

json_t *fixed_user_examples(void)
{
    return fixed_parse("[{\"name\":\"Ada L.\"}]");
}
