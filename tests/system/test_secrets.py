# SPDX-License-Identifier: BSD-2-Clause
"""No message shows a secret, whatever form a URL has."""
import os
import subprocess

from hypothesis import HealthCheck, assume, given, settings, strategies as st

SECRET = "s3cretpw"
PLACES = st.sampled_from([
    "{s}@", ":{s}@", "u:{s}@", "u:a@{s}@", "u:{s}:@", ":{s}:x@", "{s}:@", "u:a/{s}@", "u:a?{s}=1@",
    "u:a#{s}@", "u:%zz{s}@", "u:{s}%00@", "u: {s}@", "u:\"{s}\"@", "{s}%40", ":{s}%40", "u:{s}@@"])
REDIS = st.tuples(
    st.sampled_from(["redis://", "REDIS://", "rediss://", "valkey://", "valkeys://", "unix://",
                     "redis+unix://", "redis:", "redis:/", "http://", ""]),
    PLACES, st.sampled_from(["127.0.0.1:1", "127.0.0.1", "[::1]:1", "", "127.0.0.1:{s}", "[::1:{s}"]),
    st.sampled_from(["", "/", "/0", "/16", "/x{s}", "?password={s}", "/0?db={s}", "/0#{s}", "?{s}"]))
MONGO = st.tuples(
    st.sampled_from(["mongodb://", "MONGODB://", "mongodb+srv://", "mongodb:", "mongo://", ""]),
    PLACES, st.sampled_from(["127.0.0.1:1", "127.0.0.1:1,127.0.0.1:2", "", "127.0.0.1:{s}"]),
    st.sampled_from(["", "/", "/db", "/db?tls={s}", "/db?{s}", "/db?x={s}", "?{s}=1",
                     "/db?w={s}&readPreference={s}", "/db?authMechanismProperties={s}",
                     "/db?readPreferenceTags={s}", "/db?compressors={s}", "/db?authMechanism={s}",
                     "/db?maxPoolSize={s}", "/db?tlsCertificateKeyFilePassword={s}"]))


def told(stack, program, *arguments, **values):
    env = {name: value for name, value in os.environ.items()
           if not name.startswith(("LARDER_", "REDIS_", "MONGODB_"))}
    done = subprocess.run([stack.build / program, *arguments], env={**env, **values},
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30)
    return done.stdout + done.stderr


def url_of(parts):
    return "".join(part.replace("{s}", SECRET) for part in parts)


@settings(max_examples=150, deadline=None, database=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parts=REDIS)
def test_redis(stack, parts):
    scheme, _, host, end = parts
    assume(not ("unix" in scheme and host == "" and end == "/x{s}"))  # a path that is one
    url = url_of(parts)
    for words in (["larderd", "--check-config"], ["larderd", "--help"],
                  ["larderctl", "redis", "ping"]):
        assert SECRET not in told(stack, *words, REDIS_URL=url), url


@settings(max_examples=150, deadline=None, database=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parts=MONGO)
def test_mongo(stack, parts):
    url = url_of(parts)
    assert SECRET not in told(stack, "larderd", "--check-config", MONGODB_URI=url), url


def test_in_a_file(stack, tmp_path):
    """A line that is none may be a URL that was pasted."""
    file = tmp_path / "larder.conf"
    for line in (f"redis://u:{SECRET}@h", f"REDIS_URL redis://u:{SECRET}@h",
                 f"REDIS_URL=redis://{SECRET}@h", f"REDIS_URL='{SECRET}"):
        file.write_text(line + "\n")
        said = told(stack, "larderd", "--config", str(file), "--check-config")
        assert said and SECRET not in said, (line, said)


def test_an_unknown_option_of_mongodb_is_named(stack):
    said = told(stack, "larderd", "--check-config",
                MONGODB_URI=f"mongodb://u:{SECRET}@h/db?retrywrites=true&poolsize={SECRET}")
    assert '"poolsize"' in said or "poolsize" in said
    assert SECRET not in said and "retrywrites" not in said
