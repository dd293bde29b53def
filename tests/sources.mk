# SPDX-License-Identifier: BSD-2-Clause
# Unit tests mirror src/: one program a file, of the file's name.
if HAVE_CMOCKA
UNIT_TESTS = \
	tests/unit/app/test_plan \
	tests/unit/app/test_client \
	tests/unit/app/test_rights \
	tests/unit/app/test_window \
	tests/unit/app/openapi/test_openapi \
	tests/unit/app/people/test_auth \
	tests/unit/app/people/test_passwords \
	tests/unit/app/read/test_counts \
	tests/unit/app/read/test_cursor \
	tests/unit/app/read/test_item \
	tests/unit/app/read/test_list \
	tests/unit/app/read/test_note \
	tests/unit/app/read/test_page \
	tests/unit/app/read/test_project \
	tests/unit/app/write/test_body \
	tests/unit/app/write/test_change \
	tests/unit/app/write/test_create \
	tests/unit/app/write/test_digits \
	tests/unit/app/write/test_validate \
	tests/unit/app/write/test_write \
	tests/unit/backend/test_backend \
	tests/unit/backend/test_pulse \
	tests/unit/base/test_arena \
	tests/unit/base/test_buf \
	tests/unit/base/test_byte_lock \
	tests/unit/base/test_clock \
	tests/unit/base/test_config \
	tests/unit/base/test_email \
	tests/unit/base/test_footprint \
	tests/unit/base/test_sigbus \
	tests/unit/base/test_gzip \
	tests/unit/base/test_histogram \
	tests/unit/base/test_id \
	tests/unit/base/test_json_writer \
	tests/unit/base/test_log \
	tests/unit/base/test_log_writer \
	tests/unit/base/test_metrics \
	tests/unit/base/test_notify \
	tests/unit/base/test_network \
	tests/unit/base/test_password \
	tests/unit/base/test_pool \
	tests/unit/base/test_str \
	tests/unit/base/test_tally \
	tests/unit/base/test_trace \
	tests/unit/cache/test_budget \
	tests/unit/cache/test_entry \
	tests/unit/cache/test_fence \
	tests/unit/cache/test_lock \
	tests/unit/cache/test_neighbours \
	tests/unit/cache/test_lookup \
	tests/unit/cache/test_move \
	tests/unit/cache/test_script \
	tests/unit/cache/test_seal \
	tests/unit/cache/test_total \
	tests/unit/cache/test_turn \
	tests/unit/cache/test_written \
	tests/unit/ctl/test_infer \
	tests/unit/ctl/test_input \
	tests/unit/ctl/test_source \
	tests/unit/follow/test_change_tags \
	tests/unit/follow/test_moves \
	tests/unit/gateway/test_backlog \
	tests/unit/gateway/test_connection_flow \
	tests/unit/gateway/test_gateway \
	tests/unit/gateway/test_intake \
	tests/unit/gateway/test_listener \
	tests/unit/gateway/test_fcgi_params \
	tests/unit/gateway/test_fcgi_record \
	tests/unit/http/test_accept \
	tests/unit/http/test_conditional \
	tests/unit/http/test_cors \
	tests/unit/http/test_durations \
	tests/unit/http/test_query \
	tests/unit/http/test_request_ids \
	tests/unit/http/test_router \
	tests/unit/live/test_hub \
	tests/unit/memory/test_feedback \
	tests/unit/memory/test_ghost \
	tests/unit/memory/test_index \
	tests/unit/memory/test_inspect \
	tests/unit/memory/test_lease \
	tests/unit/memory/test_memory \
	tests/unit/memory/test_record \
	tests/unit/memory/test_ring \
	tests/unit/memory/test_segment \
	tests/unit/memory/test_stripe \
	tests/unit/memory/test_tags \
	tests/unit/memory/test_view \
	tests/unit/memory/test_writers \
	tests/unit/schema/test_check \
	tests/unit/schema/test_index_specs \
	tests/unit/schema/test_params \
	tests/unit/schema/test_pattern \
	tests/unit/schema/test_resource \
	tests/unit/schema/test_schema \
	tests/unit/mongo/test_breaker \
	tests/unit/mongo/test_bson_json \
	tests/unit/mongo/test_bson_update \
	tests/unit/mongo/test_collection \
	tests/unit/mongo/test_document \
	tests/unit/mongo/test_keyset \
	tests/unit/mongo/test_mongo \
	tests/unit/redis/test_redis \
	tests/unit/redis/test_redis_calls \
	tests/unit/redis/test_redis_error \
	tests/unit/redis/test_redis_tls \
	tests/unit/redis/test_redis_trial \
	tests/unit/redis/test_redis_url \
	tests/unit/redis/test_resp
# The cache protocol in all its interleavings.
MODEL_TESTS = tests/model/test_broken tests/model/test_designed tests/model/test_follow \
	tests/model/test_live
else
UNIT_TESTS =
MODEL_TESTS =
endif
MODEL_SOURCES = \
	tests/model/check.c \
	tests/model/explore.c \
	tests/model/model.h \
	tests/model/payer.c \
	tests/model/reader.c \
	tests/model/world.c \
	tests/model/writer.c
tests_model_test_broken_SOURCES = tests/model/test_broken.c $(MODEL_SOURCES)
tests_model_test_designed_SOURCES = tests/model/test_designed.c $(MODEL_SOURCES)
tests_model_test_follow_SOURCES = tests/model/test_follow.c
# Handlers without servers: what they call is replaced by tests/unit/app/stubs*.c.
APP_STUBS = \
	tests/unit/app/exchange.c \
	tests/unit/app/exchange.h \
	tests/unit/app/stubs.c \
	tests/unit/app/stubs.h \
	tests/unit/app/stubs_mongo.c
APP_WRAPS = \
	-Wl,--wrap=cache_fill_done \
	-Wl,--wrap=cache_fill_seal \
	-Wl,--wrap=cache_get \
	-Wl,--wrap=cache_write_begin \
	-Wl,--wrap=cache_write_end \
	-Wl,--wrap=cache_write_in_time \
	-Wl,--wrap=cache_written_begin \
	-Wl,--wrap=clock_mono_ms \
	-Wl,--wrap=collection_count \
	-Wl,--wrap=collection_find \
	-Wl,--wrap=collection_find_one \
	-Wl,--wrap=collection_indexes \
	-Wl,--wrap=collection_insert \
	-Wl,--wrap=collection_insert_many \
	-Wl,--wrap=collection_modify \
	-Wl,--wrap=collection_remove \
	-Wl,--wrap=indexes_words \
	-Wl,--wrap=layouts_agree \
	-Wl,--wrap=layouts_distrust \
	-Wl,--wrap=mongo_submit_or_tell \
	-Wl,--wrap=mongo_up \
	-Wl,--wrap=once_id \
	-Wl,--wrap=redis_ready \
	-Wl,--wrap=repeat_ask \
	-Wl,--wrap=repeat_mark \
	-Wl,--wrap=views_count \
	-Wl,--wrap=views_forget
tests_unit_app_read_test_item_SOURCES = tests/unit/app/read/test_item.c $(APP_STUBS)
tests_unit_app_read_test_item_LDFLAGS = $(APP_WRAPS)
tests_unit_app_read_test_list_SOURCES = tests/unit/app/read/test_list.c $(APP_STUBS)
tests_unit_app_read_test_list_LDFLAGS = $(APP_WRAPS)
tests_unit_app_read_test_page_SOURCES = tests/unit/app/read/test_page.c $(APP_STUBS)
tests_unit_app_read_test_page_LDFLAGS = $(APP_WRAPS)
tests_unit_app_write_test_change_SOURCES = tests/unit/app/write/test_change.c $(APP_STUBS)
tests_unit_app_write_test_change_LDFLAGS = $(APP_WRAPS)
tests_unit_app_write_test_create_SOURCES = tests/unit/app/write/test_create.c $(APP_STUBS)
tests_unit_app_write_test_create_LDFLAGS = $(APP_WRAPS)
tests_unit_app_write_test_write_SOURCES = tests/unit/app/write/test_write.c $(APP_STUBS)
tests_unit_app_write_test_write_LDFLAGS = $(APP_WRAPS)
tests_unit_follow_test_moves_LDFLAGS = \
	-Wl,--wrap=cache_can_move \
	-Wl,--wrap=cache_move \
	-Wl,--wrap=clock_mono_ms \
	-Wl,--wrap=redis_wake
check_PROGRAMS = $(UNIT_TESTS) $(MODEL_TESTS)
