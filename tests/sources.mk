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
	tests/unit/app/read/test_note \
	tests/unit/app/read/test_project \
	tests/unit/app/write/test_body \
	tests/unit/app/write/test_digits \
	tests/unit/app/write/test_validate \
	tests/unit/backend/test_backend \
	tests/unit/base/test_arena \
	tests/unit/base/test_buf \
	tests/unit/base/test_clock \
	tests/unit/base/test_config \
	tests/unit/base/test_email \
	tests/unit/base/test_footprint \
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
	tests/unit/ctl/test_infer \
	tests/unit/ctl/test_input \
	tests/unit/ctl/test_source \
	tests/unit/follow/test_tags \
	tests/unit/gateway/test_backlog \
	tests/unit/gateway/test_connection_flow \
	tests/unit/gateway/test_gateway \
	tests/unit/gateway/test_intake \
	tests/unit/gateway/test_listener \
	tests/unit/gateway/test_params \
	tests/unit/gateway/test_record \
	tests/unit/http/test_accept \
	tests/unit/http/test_conditional \
	tests/unit/http/test_cors \
	tests/unit/http/test_durations \
	tests/unit/http/test_query \
	tests/unit/http/test_router \
	tests/unit/live/test_hub \
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
	tests/unit/schema/test_check \
	tests/unit/schema/test_indexes \
	tests/unit/schema/test_params \
	tests/unit/schema/test_pattern \
	tests/unit/schema/test_resource \
	tests/unit/schema/test_schema \
	tests/unit/store/test_breaker \
	tests/unit/store/test_bson_json \
	tests/unit/store/test_bson_update \
	tests/unit/store/test_collection \
	tests/unit/store/test_document \
	tests/unit/store/test_keyset \
	tests/unit/store/test_mongo \
	tests/unit/store/test_redis \
	tests/unit/store/test_redis_calls \
	tests/unit/store/test_redis_tls \
	tests/unit/store/test_redis_trial \
	tests/unit/store/test_redis_url \
	tests/unit/store/test_resp
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
check_PROGRAMS = $(UNIT_TESTS) $(MODEL_TESTS)
