# SPDX-License-Identifier: BSD-2-Clause
# The part that needs neither loop nor servers, which nginx' module has as well.
BASE_FILES = \
	src/base/arena.c src/base/arena.h \
	src/base/buf.c src/base/buf.h \
	src/base/byte_lock.c src/base/byte_lock.h \
	src/base/clock.c src/base/clock.h \
	src/base/config.c src/base/config.h \
	src/base/config_load.c \
	src/base/config_mask.c \
	src/base/descriptors.c src/base/descriptors.h \
	src/base/email.c src/base/email.h \
	src/base/err.c src/base/err.h \
	src/base/footprint.c src/base/footprint.h \
	src/base/sigbus.c src/base/sigbus.h \
	src/base/gzip.c src/base/gzip.h \
	src/base/hash.c src/base/hash.h \
	src/base/histogram.c src/base/histogram.h \
	src/base/id.c src/base/id.h \
	src/base/idiom.h \
	src/base/json_writer.c src/base/json_writer.h \
	src/base/keyed.c src/base/keyed.h \
	src/base/le.h \
	src/base/log.c src/base/log.h \
	src/base/log_writer.c src/base/log_writer.h \
	src/base/mem.c src/base/mem.h \
	src/base/metrics.c src/base/metrics.h \
	src/base/metrics_slot.h \
	src/base/network.c src/base/network.h \
	src/base/notify.c src/base/notify.h \
	src/base/output.c src/base/output.h \
	src/base/password.c src/base/password.h \
	src/base/pool.c src/base/pool.h \
	src/base/process.c src/base/process.h \
	src/base/random.c src/base/random.h \
	src/base/series.h \
	src/base/sha256.c \
	src/base/str.c src/base/str.h \
	src/base/tally.c src/base/tally.h \
	src/base/trace.c src/base/trace.h \
	src/base/utf8.h \
	src/base/value.c src/base/value.h \
	src/base/word.h
HTTP_FILES = \
	src/http/accept.c src/http/accept.h \
	src/http/conditional.c src/http/conditional.h \
	src/http/cors.c src/http/cors.h \
	src/http/durations.c src/http/durations.h \
	src/http/flow.h \
	src/http/method.c src/http/method.h \
	src/http/percent.c src/http/percent.h \
	src/http/printable.c src/http/printable.h \
	src/http/problem.c src/http/problem.h \
	src/http/query.c src/http/query.h \
	src/http/query_value.c src/http/query_value.h \
	src/http/request.c src/http/request.h \
	src/http/request_ids.c src/http/request_ids.h \
	src/http/response.c src/http/response.h \
	src/http/router.c src/http/router.h
MEMORY_FILES = \
	src/memory/entries.c \
	src/memory/feedback.c src/memory/feedback.h \
	src/memory/feedback_file.c \
	src/memory/feedback_kinds.h \
	src/memory/feedback_layout.c src/memory/feedback_layout.h \
	src/memory/ghost.c src/memory/ghost.h \
	src/memory/index.c src/memory/index.h \
	src/memory/inspect.c \
	src/memory/lease.c \
	src/memory/memory.h \
	src/memory/record.c src/memory/record.h \
	src/memory/ring.c src/memory/ring.h \
	src/memory/segment.c src/memory/segment.h \
	src/memory/segment_layout.h \
	src/memory/stripe.c src/memory/stripe.h \
	src/memory/tags.c src/memory/tags.h \
	src/memory/writers.c \
	src/memory/view.c src/memory/view.h
SCHEMA_FILES = \
	src/schema/check.c src/schema/check.h \
	src/schema/checking.h \
	src/schema/choices.c \
	src/schema/digest.c \
	src/schema/draft.c src/schema/draft.h \
	src/schema/field.c src/schema/field.h \
	src/schema/file.c src/schema/file.h \
	src/schema/files.c \
	src/schema/format.c src/schema/format.h \
	src/schema/index_specs.c src/schema/index_specs.h \
	src/schema/keywords.c \
	src/schema/lists.c \
	src/schema/node.c src/schema/node.h \
	src/schema/number.c src/schema/number.h \
	src/schema/options.c \
	src/schema/params.c src/schema/params.h \
	src/schema/params_derive.c \
	src/schema/pattern.c src/schema/pattern.h \
	src/schema/reading.c src/schema/reading.h \
	src/schema/ref.c \
	src/schema/resource.h \
	src/schema/same.c src/schema/same.h \
	src/schema/schema.c src/schema/schema.h \
	src/schema/type.c \
	src/schema/values.c \
	src/schema/where.c src/schema/where.h
liblarder_a_SOURCES = \
	$(BASE_FILES) $(HTTP_FILES) $(MEMORY_FILES) $(SCHEMA_FILES) \
	src/app/allowed.c src/app/allowed.h \
	src/app/answer.c src/app/answer.h \
	src/app/app.c src/app/app.h \
	src/app/app_config.h \
	src/app/app_state.h \
	src/app/arguments.c src/app/arguments.h \
	src/app/client.c src/app/client.h \
	src/app/depends.c src/app/depends.h \
	src/app/dispatch.c src/app/dispatch.h \
	src/app/edge.c src/app/edge.h \
	src/app/edge_figures.c src/app/edge_figures.h \
	src/app/edge_host.c src/app/edge_host.h \
	src/app/handlers.h \
	src/app/health.c src/app/health.h \
	src/app/home.c \
	src/app/index_notes.c \
	src/app/index_making.c src/app/index_making.h \
	src/app/indexes.c src/app/indexes.h \
	src/app/layout.c src/app/layout.h \
	src/app/monitoring.c \
	src/app/path.c src/app/path.h \
	src/app/plan.c src/app/plan.h \
	src/app/popular.c \
	src/app/purge.c \
	src/app/rate.c src/app/rate.h \
	src/app/reasons.c \
	src/app/refused.c src/app/refused.h \
	src/app/rights.c src/app/rights.h \
	src/app/routes.c src/app/routes.h \
	src/app/status.c \
	src/app/views.c src/app/views.h \
	src/app/visit.c src/app/visit.h \
	src/app/window.c src/app/window.h \
	src/app/openapi/about.c src/app/openapi/about.h \
	src/app/openapi/describing.h \
	src/app/openapi/fixed.c src/app/openapi/fixed.h \
	src/app/openapi/names.c src/app/openapi/names.h \
	src/app/openapi/openapi.h \
	src/app/openapi/openapi_document.c src/app/openapi/openapi_document.h \
	src/app/openapi/openapi_handler.c \
	src/app/openapi/openapi_response.c src/app/openapi/openapi_response.h \
	src/app/openapi/openapi_schema.c src/app/openapi/openapi_schema.h \
	src/app/openapi/operation.c src/app/openapi/operation.h \
	src/app/openapi/param.c \
	src/app/people/account.c src/app/people/account.h \
	src/app/people/account_admin.c \
	src/app/people/account_change.c \
	src/app/people/account_list.c \
	src/app/people/account_remove.c \
	src/app/people/activity.c src/app/people/activity.h \
	src/app/people/attempts.c src/app/people/attempts.h \
	src/app/people/auth.c src/app/people/auth.h \
	src/app/people/dashboard.c \
	src/app/people/passwords.c src/app/people/passwords.h \
	src/app/people/people.h \
	src/app/people/proof.c src/app/people/proof.h \
	src/app/people/session.c src/app/people/session.h \
	src/app/people/sessions.c \
	src/app/people/signin.c \
	src/app/people/throttle.c src/app/people/throttle.h \
	src/app/people/users.c src/app/people/users.h \
	src/app/read/ahead.c src/app/read/ahead.h \
	src/app/read/counts.c src/app/read/counts.h \
	src/app/read/cursor.c src/app/read/cursor.h \
	src/app/read/export.c src/app/read/export.h \
	src/app/read/facets.c src/app/read/facets.h \
	src/app/read/facets_fill.c \
	src/app/read/filling.c src/app/read/filling.h \
	src/app/read/ids.c src/app/read/ids.h \
	src/app/read/item.c src/app/read/item.h \
	src/app/read/item_entry.c src/app/read/item_entry.h \
	src/app/read/json_text.c src/app/read/json_text.h \
	src/app/read/list.c src/app/read/list.h \
	src/app/read/list_links.c \
	src/app/read/list_query.c \
	src/app/read/live.c src/app/read/live.h \
	src/app/read/look.c src/app/read/look.h \
	src/app/read/note.c src/app/read/note.h \
	src/app/read/page.c \
	src/app/read/project.c src/app/read/project.h \
	src/app/read/question.c src/app/read/question.h \
	src/app/read/rows.c src/app/read/rows.h \
	src/app/read/scope.c src/app/read/scope.h \
	src/app/read/selection.c src/app/read/selection.h \
	src/app/read/words.c src/app/read/words.h \
	src/app/write/body.c src/app/write/body.h \
	src/app/write/change.c \
	src/app/write/create.c \
	src/app/write/derived.c src/app/write/derived.h \
	src/app/write/digits.c src/app/write/digits.h \
	src/app/write/duplicate.c src/app/write/duplicate.h \
	src/app/write/once.c src/app/write/once.h \
	src/app/write/parsing.c src/app/write/parsing.h \
	src/app/write/receipt.c src/app/write/receipt.h \
	src/app/write/repeat.c src/app/write/repeat.h \
	src/app/write/results.c src/app/write/results.h \
	src/app/write/several.c src/app/write/several.h \
	src/app/write/several_params.c \
	src/app/write/several_request.c \
	src/app/write/target.c src/app/write/target.h \
	src/app/write/touch.c \
	src/app/write/touched.c src/app/write/touched.h \
	src/app/write/unchanged.c src/app/write/unchanged.h \
	src/app/write/validate.c src/app/write/validate.h \
	src/app/write/write.c src/app/write/write.h \
	src/app/write/write_tags.c src/app/write/write_tags.h \
	src/app/write/written_item.c src/app/write/written_item.h \
	src/backend/backend.c src/backend/backend.h \
	src/backend/pulse.c src/backend/pulse.h \
	src/cache/ask.c \
	src/cache/budget.c src/cache/budget.h \
	src/cache/cache.h \
	src/cache/cache_state.h \
	src/cache/entry.c src/cache/entry.h \
	src/cache/fence.c \
	src/cache/fill.c \
	src/cache/gate.c \
	src/cache/installation.c src/cache/installation.h \
	src/cache/keep.c src/cache/keep.h \
	src/cache/key.c src/cache/key.h \
	src/cache/life.c \
	src/cache/lock.c src/cache/lock.h \
	src/cache/lookup.c src/cache/lookup.h \
	src/cache/member.c src/cache/member.h \
	src/cache/move.c \
	src/cache/neighbours.c src/cache/neighbours.h \
	src/cache/pending.c \
	src/cache/reaper.c \
	src/cache/recall.c src/cache/recall.h \
	src/cache/reclaim.c \
	src/cache/renewal.c src/cache/renewal.h \
	src/cache/script.c src/cache/script.h \
	src/cache/seal.c src/cache/seal.h \
	src/cache/settler.c \
	src/cache/subscriber.c \
	src/cache/total.c src/cache/total.h \
	src/cache/turn.c src/cache/turn.h \
	src/cache/written.c src/cache/written.h \
	src/ctl/batch.c src/ctl/batch.h \
	src/ctl/batch_config.h \
	src/ctl/batch_item.c src/ctl/batch_item.h \
	src/ctl/batch_match.c \
	src/ctl/cache_key.c \
	src/ctl/cache_purge.c \
	src/ctl/cache_stats.c \
	src/ctl/cache_touch.c \
	src/ctl/column.c src/ctl/column.h \
	src/ctl/ctl.c src/ctl/ctl.h \
	src/ctl/ctl_cache.c \
	src/ctl/ctl_export.c \
	src/ctl/ctl_installation.c \
	src/ctl/ctl_key.c \
	src/ctl/ctl_redis.c \
	src/ctl/ctl_write.c src/ctl/ctl_write.h \
	src/ctl/guard.c src/ctl/guard.h \
	src/ctl/infer.c src/ctl/infer.h \
	src/ctl/infer_node.h \
	src/ctl/infer_print.c \
	src/ctl/infer_queries.c \
	src/ctl/infer_schema.c \
	src/ctl/input.c src/ctl/input.h \
	src/ctl/load.c \
	src/ctl/patient.c src/ctl/patient.h \
	src/ctl/person.c src/ctl/person.h \
	src/ctl/progress.c src/ctl/progress.h \
	src/ctl/reindex.c \
	src/ctl/resource_check.c \
	src/ctl/resource_infer.c \
	src/ctl/resource_list.c \
	src/ctl/source.c src/ctl/source.h \
	src/ctl/user.c \
	src/ctl/user_change.c \
	src/ctl/walk.c src/ctl/walk.h \
	src/ctl/warm.c src/ctl/warm.h \
	src/follow/beat.c \
	src/follow/change_stream.c \
	src/follow/change_tags.c \
	src/follow/figures.c \
	src/follow/follow.h \
	src/follow/follower.c src/follow/follower.h \
	src/follow/limits.c \
	src/follow/moves.c \
	src/follow/position.c \
	src/follow/times.c \
	src/follow/ways.c \
	src/gateway/access.c src/gateway/access.h \
	src/gateway/backlog.c src/gateway/backlog.h \
	src/gateway/connection.c src/gateway/connection.h \
	src/gateway/connection_flow.c \
	src/gateway/connections.h \
	src/gateway/exchange.c src/gateway/exchange.h \
	src/gateway/fcgi_answer.c src/gateway/fcgi_answer.h \
	src/gateway/fcgi_params.c src/gateway/fcgi_params.h \
	src/gateway/fcgi_record.c src/gateway/fcgi_record.h \
	src/gateway/gateway.c src/gateway/gateway.h \
	src/gateway/intake.c src/gateway/intake.h \
	src/gateway/listener.c src/gateway/listener.h \
	src/live/event.c src/live/event.h \
	src/live/hub.c src/live/hub.h \
	src/live/live.h \
	src/live/slots.c src/live/slots.h \
	src/live/stream.c \
	src/live/tagset.c src/live/tagset.h \
	src/live/watch.c \
	src/mongo/breaker.c src/mongo/breaker.h \
	src/mongo/bson_json.c src/mongo/bson_json.h \
	src/mongo/bson_order.c src/mongo/bson_order.h \
	src/mongo/bson_path.c src/mongo/bson_path.h \
	src/mongo/bson_put.c src/mongo/bson_put.h \
	src/mongo/bson_update.c src/mongo/bson_update.h \
	src/mongo/bson_value.c src/mongo/bson_value.h \
	src/mongo/bson_walk.c src/mongo/bson_walk.h \
	src/mongo/changes.c src/mongo/changes.h \
	src/mongo/collection.c src/mongo/collection.h \
	src/mongo/collection_admin.c \
	src/mongo/collection_find.c \
	src/mongo/collection_group.c \
	src/mongo/collection_index.c \
	src/mongo/collection_sample.c \
	src/mongo/collection_write.c \
	src/mongo/document.c \
	src/mongo/driver.c src/mongo/driver.h \
	src/mongo/keyset.c src/mongo/keyset.h \
	src/mongo/mongo.h \
	src/mongo/mongo_common.h \
	src/mongo/mongo_cursor.c src/mongo/mongo_cursor.h \
	src/mongo/mongo_error.c \
	src/mongo/mongo_health.c \
	src/mongo/mongo_jobs.c \
	src/mongo/mongo_life.c \
	src/mongo/mongo_ping.c src/mongo/mongo_ping.h \
	src/mongo/mongo_query.c src/mongo/mongo_query.h \
	src/mongo/mongo_state.h \
	src/mongo/mongo_uri.c src/mongo/mongo_uri.h \
	src/mongo/refusal.c src/mongo/refusal.h \
	src/mongo/refusal_note.h \
	src/mongo/statement.h \
	src/redis/redis.c src/redis/redis.h \
	src/redis/redis_calls.c src/redis/redis_calls.h \
	src/redis/redis_error.c src/redis/redis_error.h \
	src/redis/redis_library.h \
	src/redis/redis_link.c src/redis/redis_link.h \
	src/redis/redis_listener.c src/redis/redis_listener.h \
	src/redis/redis_private.h \
	src/redis/redis_replies.c src/redis/redis_replies.h \
	src/redis/redis_reply.c src/redis/redis_reply.h \
	src/redis/redis_requests.c src/redis/redis_requests.h \
	src/redis/redis_script.c \
	src/redis/redis_tls.c src/redis/redis_tls.h \
	src/redis/redis_trial.c src/redis/redis_trial.h \
	src/redis/redis_url.c src/redis/redis_url.h \
	src/redis/redis_wire.c src/redis/redis_wire.h \
	src/redis/resp.c src/redis/resp.h \
	src/redis/sha1.c src/redis/sha1.h

# What nginx' module is made of, and of the library what it may need.
NGINX_MODULE_FILES = \
	nginx/module/larder_reply.c \
	nginx/module/larder_request.c \
	nginx/module/ngx_http_larder_module.c
EDGE_FILES = \
	$(BASE_FILES) $(HTTP_FILES) $(MEMORY_FILES) $(SCHEMA_FILES) \
	src/app/answer.c \
	src/app/edge.c \
	src/app/edge_host.c \
	src/app/plan.c \
	src/app/read/list_links.c \
	src/app/read/list_query.c \
	src/app/read/note.c \
	src/cache/entry.c \
	src/cache/key.c \
	src/cache/recall.c
