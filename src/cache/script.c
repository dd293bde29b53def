/* SPDX-License-Identifier: BSD-2-Clause */
#include "cache/script.h"

#define LUA_CLOCK                                                                                  \
    "local t = redis.call('TIME')\n"                                                               \
    "local now = t[1] * 1000 + math.floor(t[2] / 1000)\n"

/* A fence's text is a list of these. */
#define LUA_WRITE "local write = '(' .. string.rep('%x', 16) .. ')@(%d+) '\n"

/* Writes that are still under way, without those whose time is over and without one token; and when
 * the last of them ends.  None lasts longer than a fence may.  What cannot be read counts as a
 * write with token 0, until the key expires.  Only so much is read, and tokens are of one length: a
 * pattern for any length would take minutes for some texts. */
#define LUA_OTHERS                                                                                 \
    "local most = now + ARGV[2]\n" LUA_WRITE "local function others(fence, token)\n"               \
    "  local text, keep, read, last = redis.pcall('GET', fence) or '', {}, 0, 0\n"                 \
    "  local function add(who, ends)\n"                                                            \
    "    ends = math.min(ends, most)\n"                                                            \
    "    last = math.max(last, ends)\n"                                                            \
    "    keep[#keep + 1] = who .. '@' .. string.format('%.0f', ends) .. ' '\n"                     \
    "  end\n"                                                                                      \
    "  if type(text) == 'string' and #text <= 4096 then\n"                                         \
    "    for who, ends in string.gmatch(text, write) do\n"                                         \
    "      read = read + #who + #ends + 2\n"                                                       \
    "      if who ~= token and tonumber(ends) > now then add(who, tonumber(ends)) end\n"           \
    "    end\n"                                                                                    \
    "  end\n"                                                                                      \
    "  if type(text) ~= 'string' or read < #text then\n"                                           \
    "    local left = redis.call('PTTL', fence)\n"                                                 \
    "    add(string.rep('0', 16), left > 0 and now + left or most)\n"                              \
    "  end\n"                                                                                      \
    "  return table.concat(keep), last\n"                                                          \
    "end\n"

/* The mark's time; nil where it is none, or one that has not come: without that, what has got there
 * once, or a clock that was set back, would turn the cache off as long as requests come. */
#define LUA_BORN                                                                                   \
    "local function born(mark)\n"                                                                  \
    "  local text = redis.pcall('GET', mark)\n"                                                    \
    "  local at = type(text) == 'string' and string.match(text, '^[1-9]%d*$') and "                \
    "tonumber(text)\n"                                                                             \
    "  return at and at <= now and text or nil\n"                                                  \
    "end\n"

struct redis_script script_born = {
    .kind = HISTOGRAM_REDIS_AGE,
    .text = STR_INIT(LUA_CLOCK LUA_BORN
                     "local clock = string.format('%.0f', now)\n"
                     "if born(KEYS[1]) then redis.pcall('PEXPIRE', KEYS[1], ARGV[1])\n"
                     "else redis.pcall('SET', KEYS[1], clock, 'PX', ARGV[1]) end\n"
                     "return {clock, born(KEYS[1]) or false}\n")};

/* Whether all whose writes are listed, and not over, are dead: what begins the names of such, and
 * then eight digits of the token, has a key. */
#define LUA_DEAD                                                                                   \
    LUA_WRITE "local function dead(fence, name)\n"                                                 \
              "  local text, read = redis.pcall('GET', fence), 0\n"                                \
              "  if type(text) ~= 'string' or #text > 4096 then return false end\n"                \
              "  for who, ends in string.gmatch(text, write) do\n"                                 \
              "    read = read + #who + #ends + 2\n"                                               \
              "    if tonumber(ends) > now and not redis.call('GET', name .. "                     \
              "string.sub(who, 1, 8)) then return false end\n"                                     \
              "  end\n"                                                                            \
              "  return read == #text\n"                                                           \
              "end\n"

struct redis_script script_begin = {
    .kind = HISTOGRAM_REDIS_FILL,
    .text = STR_INIT(
        LUA_CLOCK LUA_BORN LUA_DEAD
        "local n = (#KEYS - 3) / 2\n"
        "local reply, go = {0}, 1\n"
        "local since = born(KEYS[2])\n"
        "if not since or now - since < tonumber(ARGV[4]) then reply[1] = 3 end\n"
        "for i = 1, n do\n"
        "  local left = redis.call('PTTL', KEYS[2 + n + i])\n"
        "  if left ~= -2 then\n"
        "    if dead(KEYS[2 + n + i], ARGV[6]) then go = 4 else reply[1] = 2 end\n"
        "  end\n"
        "  if left == -1 or left > tonumber(ARGV[4]) then\n"
        "    redis.pcall('PEXPIRE', KEYS[2 + n + i], ARGV[4])\n"
        "  end\n"
        "  local version = redis.call('GET', KEYS[2 + i])\n"
        "  if not version then\n"
        "    version = ARGV[6 + i]\n"
        "    redis.call('SET', KEYS[2 + i], version, 'PX', ARGV[3])\n"
        "  end\n"
        "  reply[1 + i] = version\n"
        "end\n"
        "if reply[1] == 0 and redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then\n"
        "  reply[1] = go\n"
        "  local head = redis.pcall('GETRANGE', KEYS[#KEYS], 0, ARGV[5] - 1)\n"
        "  reply[2 + n] = type(head) == 'string' and head or ''\n"
        "end\n"
        "return reply\n")};

struct redis_script script_prolong = {.kind = HISTOGRAM_REDIS_FILL,
                                      .text =
                                          STR_INIT("for i = 1, #KEYS do\n"
                                                   "  local left = redis.call('PTTL', KEYS[i])\n"
                                                   "  if left >= 0 and left < ARGV[1] / 2 then\n"
                                                   "    redis.call('PEXPIRE', KEYS[i], ARGV[1])\n"
                                                   "  end\n"
                                                   "end\n"
                                                   "return 0\n")};

struct redis_script script_unlock = {
    .kind = HISTOGRAM_REDIS_UNLOCK,
    .text =
        STR_INIT("if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) "
                 "end\n"
                 "return 0\n")};

struct redis_script script_fence = {
    .kind = HISTOGRAM_REDIS_FENCE,
    .text = STR_INIT(
        LUA_CLOCK LUA_OTHERS
        "local mine = ARGV[1] .. '@' .. string.format('%.0f', now + ARGV[2]) .. ' '\n"
        "local n = tonumber(ARGV[4])\n"
        "local reply = {}\n"
        "for j = 1, #KEYS - 2 * n do\n"
        "  local number = tonumber(ARGV[4 + n + j])\n"
        "  local i = math.abs(number)\n"
        "  local alone = others(KEYS[n + i], ARGV[1]) == ''\n"
        "  local total = alone and number > 0 and redis.pcall('GET', KEYS[2 * n + j])\n"
        "  reply[2 * j - 1] = alone and redis.call('GET', KEYS[i]) or ''\n"
        "  reply[2 * j] = type(total) == 'string' and total or ''\n"
        "end\n"
        "for i = 1, n do\n"
        "  redis.call('SET', KEYS[n + i], others(KEYS[n + i], ARGV[1]) .. mine, 'PX', ARGV[2])\n"
        "  redis.call('SET', KEYS[i], ARGV[4 + i], 'PX', ARGV[3])\n"
        "end\n"
        "return reply\n")};

struct redis_script script_release = {
    .kind = HISTOGRAM_REDIS_RELEASE,
    .text =
        STR_INIT(LUA_CLOCK LUA_OTHERS
                 "local n = tonumber(ARGV[4])\n"
                 "local totals = #KEYS - 2 * n\n"
                 "local still = {}\n"
                 "for j = 1, totals do\n"
                 "  local at = n + 4 * j\n"
                 "  still[j] = redis.call('GET', KEYS[tonumber(ARGV[at + 1])]) == ARGV[at + 2]\n"
                 "end\n"
                 "for i = 1, n do\n"
                 "  redis.call('SET', KEYS[i], ARGV[4 + i], 'PX', ARGV[3])\n"
                 "  local keep, last = others(KEYS[n + i], ARGV[1])\n"
                 "  if keep == '' then redis.call('UNLINK', KEYS[n + i])\n"
                 "  else redis.call('SET', KEYS[n + i], keep, 'PX', last - now) end\n"
                 "end\n"
                 "for j = 1, totals do\n"
                 "  local at = n + 4 * j\n"
                 "  if still[j] then\n"
                 "    redis.call('SET', KEYS[2 * n + j], ARGV[at + 3], 'PX', ARGV[at + 4])\n"
                 "  end\n"
                 "end\n"
                 "return 1\n")};

struct redis_script script_bump = {
    .kind = HISTOGRAM_REDIS_INVALIDATE,
    .text = STR_INIT("for i = 1, #KEYS do\n"
                     "  redis.call('SET', KEYS[i], ARGV[1 + i], 'PX', ARGV[1])\n"
                     "end\n"
                     "return 1\n")};

struct redis_script script_move = {
    .kind = HISTOGRAM_REDIS_INVALIDATE,
    .text =
        STR_INIT("local n = tonumber(ARGV[2])\n"
                 "local need, moved = {}, {}\n"
                 "for i = 1, n do need[i] = string.sub(ARGV[3 + n], i, i) == '1' end\n"
                 "for j = 1, #KEYS - n do\n"
                 "  local clear = ARGV[2 + n + 2 * j]\n"
                 "  if redis.call('UNLINK', KEYS[n + j]) == 0 then\n"
                 "    if clear ~= '' then redis.call('UNLINK', clear) end\n"
                 "    for i in string.gmatch(ARGV[3 + n + 2 * j], '%d+') do\n"
                 "      need[tonumber(i)] = true\n"
                 "    end\n"
                 "  end\n"
                 "end\n"
                 "for i = 1, n do\n"
                 "  moved[i] = need[i] and '1' or '0'\n"
                 "  if need[i] then redis.call('SET', KEYS[i], ARGV[2 + i], 'PX', ARGV[1]) end\n"
                 "end\n"
                 "return table.concat(moved)\n")};

struct redis_script script_gate = {.kind = HISTOGRAM_REDIS_AGE,
                                   .text = STR_INIT(LUA_CLOCK
                                                    "return {string.format('%.0f', now), "
                                                    "redis.call('HGET', KEYS[1], 'at') or ''}\n")};

/* "-<owner>.<epoch>" is only added where Redis has held what was of another time, or of others. */
struct redis_script script_member = {
    .kind = HISTOGRAM_REDIS_AGE,
    .text = STR_INIT(
        LUA_CLOCK
        "local h, all = {}, redis.call('HGETALL', KEYS[1])\n"
        "for i = 1, #all, 2 do h[all[i]] = all[i + 1] end\n"
        "local run, owner, epoch, beat = ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])\n"
        "local members, others = {}, 0\n"
        "for field, value in pairs(h) do\n"
        "  local id = string.match(field, '^worker:(.*)$')\n"
        "  local at, whose, text = string.match(value, '^(%d+) (%S*) (.*)$')\n"
        "  if id and at and now - at < 60000 then\n"
        "    members[#members + 1] = {id, now - at, text}\n"
        "    if whose ~= owner and now - at < tonumber(ARGV[6]) then others = 1 end\n"
        "  elseif id then redis.call('HDEL', KEYS[1], field) end\n"
        "end\n"
        "if owner ~= '' and (not h.owner or h.run ~= run) then\n"
        "  h.owner, h.suffix, h.epoch = owner, '', epoch\n"
        "elseif owner ~= '' and others == 0 and (h.owner ~= owner or epoch > "
        "(tonumber(h.epoch) or 0)) then\n"
        "  local base = ARGV[1] .. ':' .. run .. (h.suffix or '')\n"
        "  redis.call('UNLINK', base .. ':born')\n"
        "  redis.call('SET', base .. ':tag:*', '1', 'PX', '1')\n"
        "  if h.owner ~= owner then h.beat = beat end\n"
        "  h.owner, h.epoch = owner, epoch\n"
        "  h.suffix = '-' .. owner .. '.' .. string.format('%.0f', epoch)\n"
        "end\n"
        "local known = tonumber(h.beat) or 0\n"
        "if owner ~= '' and h.owner == owner then\n"
        "  h.beat = string.format('%.0f', math.max(known, beat))\n"
        "  redis.call('HSET', KEYS[1], 'run', run, 'owner', owner, 'suffix', h.suffix or '',\n"
        "             'epoch', h.epoch, 'beat', h.beat)\n"
        "end\n"
        "if ARGV[7] ~= '' then\n"
        "  redis.call('HSET', KEYS[1], 'worker:' .. ARGV[7],\n"
        "             string.format('%.0f', now) .. ' ' .. owner .. ' ' .. ARGV[8])\n"
        "end\n"
        "redis.call('PEXPIRE', KEYS[1], ARGV[9])\n"
        "return {h.suffix or '', h.owner == owner and 1 or 0, tonumber(h.epoch) or 0,\n"
        "        tonumber(h.beat) or 0, others, members}\n")};
