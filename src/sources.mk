# SPDX-License-Identifier: BSD-2-Clause
liblarder_a_SOURCES = \
	src/app/answer.c src/app/answer.h \
	src/app/app.c src/app/app.h \
	src/app/client.c src/app/client.h \
	src/app/config.h \
	src/app/counter.c src/app/counter.h \
	src/app/health.c \
	src/app/home.c \
	src/app/index_notes.c \
	src/app/indexes.c src/app/indexes.h \
	src/app/layout.c src/app/layout.h \
	src/app/monitoring.c \
	src/app/plan.c src/app/plan.h \
	src/app/popular.c \
	src/app/purge.c \
	src/app/rate.c \
	src/app/reasons.c \
	src/app/refused.c src/app/refused.h \
	src/app/rights.c src/app/rights.h \
	src/app/state.h \
	src/app/status.c \
	src/app/views.c src/app/views.h \
	src/app/window.c src/app/window.h \
	src/app/openapi/about.c src/app/openapi/about.h \
	src/app/openapi/document.c src/app/openapi/document.h \
	src/app/openapi/fixed.c src/app/openapi/fixed.h \
	src/app/openapi/names.c src/app/openapi/names.h \
	src/app/openapi/openapi.c src/app/openapi/openapi.h \
	src/app/openapi/operation.c src/app/openapi/operation.h \
	src/app/openapi/param.c \
	src/app/openapi/response.c src/app/openapi/response.h \
	src/app/openapi/schema.c src/app/openapi/schema.h \
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
	src/app/read/ids.c \
	src/app/read/item.c src/app/read/item.h \
	src/app/read/json_text.c src/app/read/json_text.h \
	src/app/read/list.c src/app/read/list.h \
	src/app/read/live.c src/app/read/live.h \
	src/app/read/look.c src/app/read/look.h \
	src/app/read/note.c src/app/read/note.h \
	src/app/read/page.c \
	src/app/read/project.c src/app/read/project.h \
	src/app/read/question.c src/app/read/question.h \
	src/app/read/rows.c src/app/read/rows.h \
	src/app/read/scope.c src/app/read/scope.h \
	src/app/read/seal.c src/app/read/seal.h \
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
	src/app/write/touch.c \
	src/app/write/touched.c src/app/write/touched.h \
	src/app/write/results.c src/app/write/results.h \
	src/app/write/several.c \
	src/app/write/target.c src/app/write/target.h \
	src/app/write/unchanged.c src/app/write/unchanged.h \
	src/app/write/validate.c src/app/write/validate.h \
	src/app/write/write.c src/app/write/write.h \
	src/backend/backend.c src/backend/backend.h \
	src/backend/pulse.c src/backend/pulse.h \
	src/base/arena.c src/base/arena.h \
	src/base/buf.c src/base/buf.h \
	src/base/clock.c src/base/clock.h \
	src/base/config.c src/base/config.h \
	src/base/config_load.c \
	src/base/config_mask.c \
	src/base/descriptors.c src/base/descriptors.h \
	src/base/email.c src/base/email.h \
	src/base/err.c src/base/err.h \
	src/base/footprint.c src/base/footprint.h \
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
	src/base/sha256.c \
	src/base/str.c src/base/str.h \
	src/base/tally.c src/base/tally.h \
	src/base/trace.c src/base/trace.h \
	src/base/utf8.h \
	src/base/value.c src/base/value.h \
	src/base/word.h \
	src/cache/ask.c \
	src/cache/budget.c src/cache/budget.h \
	src/cache/cache.c src/cache/cache.h \
	src/cache/pending.c \
	src/cache/entry.c src/cache/entry.h \
	src/cache/fence.c \
	src/cache/fill.c \
	src/cache/installation.c src/cache/installation.h \
	src/cache/keep.c src/cache/keep.h \
	src/cache/gate.c \
	src/cache/key.c src/cache/key.h \
	src/cache/lock.c src/cache/lock.h \
	src/cache/lookup.c src/cache/lookup.h \
	src/cache/member.c src/cache/member.h \
	src/cache/neighbours.c src/cache/neighbours.h \
	src/cache/move.c \
	src/cache/reclaim.c \
	src/cache/renewal.c src/cache/renewal.h \
	src/cache/settler.c \
	src/cache/script.c src/cache/script.h \
	src/cache/seal.c src/cache/seal.h \
	src/cache/state.h \
	src/cache/subscriber.c \
	src/cache/total.c src/cache/total.h \
	src/cache/turn.c src/cache/turn.h \
	src/cache/wait.c \
	src/ctl/batch.c src/ctl/batch.h \
	src/ctl/batch_item.c src/ctl/batch_item.h \
	src/ctl/batch_match.c \
	src/ctl/cache.c \
	src/ctl/cache_key.c \
	src/ctl/cache_purge.c \
	src/ctl/cache_stats.c \
	src/ctl/cache_touch.c \
	src/ctl/column.c src/ctl/column.h \
	src/ctl/ctl.c src/ctl/ctl.h \
	src/ctl/export.c \
	src/ctl/guard.c src/ctl/guard.h \
	src/ctl/infer.c src/ctl/infer.h \
	src/ctl/infer_node.h \
	src/ctl/infer_print.c \
	src/ctl/infer_queries.c \
	src/ctl/infer_schema.c \
	src/ctl/input.c src/ctl/input.h \
	src/ctl/installation.c \
	src/ctl/key.c \
	src/ctl/load.c \
	src/ctl/patient.c src/ctl/patient.h \
	src/ctl/person.c src/ctl/person.h \
	src/ctl/progress.c src/ctl/progress.h \
	src/ctl/redis.c \
	src/ctl/reindex.c \
	src/ctl/resource_check.c \
	src/ctl/resource_infer.c \
	src/ctl/resource_list.c \
	src/ctl/source.c src/ctl/source.h \
	src/ctl/user.c \
	src/ctl/user_change.c \
	src/ctl/walk.c src/ctl/walk.h \
	src/ctl/warm.c src/ctl/warm.h \
	src/ctl/write.c src/ctl/write.h \
	src/follow/figures.c \
	src/follow/follow.c src/follow/follow.h \
	src/follow/limits.c \
	src/follow/moves.c \
	src/follow/position.c \
	src/follow/state.h \
	src/follow/stream.c \
	src/follow/tags.c \
	src/follow/times.c \
	src/gateway/access.c src/gateway/access.h \
	src/gateway/answer.c src/gateway/answer.h \
	src/gateway/backlog.c src/gateway/backlog.h \
	src/gateway/connection.c src/gateway/connection.h src/gateway/connection_private.h \
	src/gateway/connection_flow.c \
	src/gateway/exchange.c src/gateway/exchange.h \
	src/gateway/gateway.c src/gateway/gateway.h \
	src/gateway/intake.c src/gateway/intake.h \
	src/gateway/listener.c src/gateway/listener.h \
	src/gateway/params.c src/gateway/params.h \
	src/gateway/record.c src/gateway/record.h \
	src/http/accept.c src/http/accept.h \
	src/http/conditional.c src/http/conditional.h \
	src/http/cors.c src/http/cors.h \
	src/http/durations.c src/http/durations.h \
	src/http/flow.h \
	src/http/method.c src/http/method.h \
	src/http/percent.c src/http/percent.h \
	src/http/problem.c src/http/problem.h \
	src/http/query.c src/http/query.h \
	src/http/request.c src/http/request.h \
	src/http/response.c src/http/response.h \
	src/http/router.c src/http/router.h \
	src/live/event.c src/live/event.h \
	src/live/hub.c src/live/hub.h \
	src/live/slots.c src/live/slots.h \
	src/live/state.h \
	src/live/stream.c \
	src/live/tagset.c src/live/tagset.h \
	src/live/watch.c \
	src/memory/ghost.c src/memory/ghost.h \
	src/memory/index.c src/memory/index.h \
	src/memory/inspect.c \
	src/memory/layout.h \
	src/memory/lease.c \
	src/memory/memory.c src/memory/memory.h \
	src/memory/record.c src/memory/record.h \
	src/memory/ring.c src/memory/ring.h \
	src/memory/segment.c src/memory/segment.h \
	src/memory/stripe.c src/memory/stripe.h \
	src/memory/tags.c src/memory/tags.h \
	src/schema/check.c src/schema/check.h \
	src/schema/choices.c \
	src/schema/digest.c \
	src/schema/draft.c src/schema/draft.h \
	src/schema/field.c src/schema/field.h \
	src/schema/file.h \
	src/schema/files.c \
	src/schema/format.c src/schema/format.h \
	src/schema/indexes.c src/schema/indexes.h \
	src/schema/keywords.c \
	src/schema/lists.c \
	src/schema/node.c src/schema/node.h \
	src/schema/number.c src/schema/number.h \
	src/schema/options.c \
	src/schema/params_derive.c \
	src/schema/params.c src/schema/params.h \
	src/schema/pattern.c src/schema/pattern.h \
	src/schema/reading.c src/schema/reading.h \
	src/schema/ref.c \
	src/schema/resource.c src/schema/resource.h \
	src/schema/same.c src/schema/same.h \
	src/schema/schema.c src/schema/schema.h \
	src/schema/type.c \
	src/schema/values.c \
	src/schema/where.c src/schema/where.h \
	src/store/breaker.c src/store/breaker.h \
	src/store/bson_json.c src/store/bson_json.h \
	src/store/bson_order.c src/store/bson_order.h \
	src/store/bson_path.c src/store/bson_path.h \
	src/store/bson_update.c src/store/bson_update.h \
	src/store/bson_value.c src/store/bson_value.h \
	src/store/bson_walk.c src/store/bson_walk.h \
	src/store/changes.c src/store/changes.h \
	src/store/collection.c src/store/collection.h \
	src/store/collection_admin.c \
	src/store/collection_find.c \
	src/store/collection_group.c \
	src/store/collection_index.c \
	src/store/collection_sample.c \
	src/store/collection_write.c \
	src/store/document.c \
	src/store/driver.c src/store/driver.h \
	src/store/keyset.c src/store/keyset.h \
	src/store/library.c src/store/library.h \
	src/store/mongo.c src/store/mongo.h \
	src/store/mongo_error.c \
	src/store/mongo_ping.c src/store/mongo_ping.h \
	src/store/mongo_uri.c src/store/mongo_uri.h \
	src/store/query.c src/store/query.h \
	src/store/reading.h \
	src/store/redis.c src/store/redis.h \
	src/store/redis_calls.c src/store/redis_calls.h \
	src/store/redis_library.h \
	src/store/redis_link.c src/store/redis_link.h \
	src/store/redis_listener.c src/store/redis_listener.h \
	src/store/redis_private.h \
	src/store/redis_replies.c src/store/redis_replies.h \
	src/store/redis_reply.c \
	src/store/redis_requests.c src/store/redis_requests.h \
	src/store/redis_script.c \
	src/store/redis_tls.c src/store/redis_tls.h \
	src/store/redis_trial.c src/store/redis_trial.h \
	src/store/redis_url.c src/store/redis_url.h \
	src/store/redis_wire.c src/store/redis_wire.h \
	src/store/refusal.c src/store/refusal.h src/store/refusal_note.h \
	src/store/resp.c src/store/resp.h \
	src/store/sha1.c src/store/sha1.h
