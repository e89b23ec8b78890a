-- JHUP, the JSON-Header Upload Protocol, version 1: a dissector for Wireshark and tshark, tried with 4.0 (Lua 5.2).
--
-- Put it into the folder of personal Lua plugins, or give it to tshark: -X lua_script:jhup.lua
-- The clauses that it names are those of the specification; where it and they differ, they are right.

local jhup = Proto("jhup", "JSON-Header Upload Protocol")

-- FRAME-14, FRAME-15: what no server takes. HEAD-19: as deep as this reader goes.
local MIN_HEADER, MAX_HEADER, MAX_DEPTH = 2, 1048576, 500

local fields = {
  prefix = ProtoField.int32("jhup.prefix", "Prefix", base.DEC, nil, nil, "Number of bytes of the header (FRAME-1)"),
  header = ProtoField.string("jhup.header", "Header"),
  cmd = ProtoField.string("jhup.cmd", "cmd"),
  filename = ProtoField.string("jhup.filename", "filename"),
  filesize = ProtoField.uint64("jhup.filesize", "filesize"),
  reply = ProtoField.bool("jhup.reply", "reply"),
  status = ProtoField.string("jhup.status", "status"),
  sha256 = ProtoField.string("jhup.sha256", "sha256"),
  code = ProtoField.string("jhup.code", "code"),
  message = ProtoField.string("jhup.message", "message"),
  closing = ProtoField.bool("jhup.closing", "closing"),
  protocol = ProtoField.uint64("jhup.protocol", "protocol"),
  server = ProtoField.string("jhup.server", "server"),
  features = ProtoField.string("jhup.features", "features"),
  max_header = ProtoField.uint64("jhup.max_header", "max_header"),
  max_filesize = ProtoField.uint64("jhup.max_filesize", "max_filesize"),
  member = ProtoField.string("jhup.member", "Other member"),
  body = ProtoField.bytes("jhup.body", "Body"),
  piece = ProtoField.bytes("jhup.piece", "Piece of a body"),
  unread = ProtoField.bytes("jhup.unread", "Not read (ERR-2)"),
}
local of_request = { cmd = "string", filename = "string", filesize = "integer", reply = "boolean" }
local of_reply = {
  status = "string", filename = "string", filesize = "integer", sha256 = "string", code = "string", message = "string",
  closing = "boolean", protocol = "integer", server = "string", features = "array", max_header = "integer",
  max_filesize = "integer",
}

local experts = {
  malformed = ProtoExpert.new("jhup.malformed", "Malformed", expert.group.MALFORMED, expert.severity.ERROR),
  refused = ProtoExpert.new("jhup.refused", "Name not valid", expert.group.PROTOCOL, expert.severity.WARN),
  twice = ProtoExpert.new("jhup.twice", "Member stands twice", expert.group.PROTOCOL, expert.severity.WARN),
  unknown = ProtoExpert.new("jhup.unknown", "Unknown command", expert.group.UNDECODED, expert.severity.NOTE),
  failure = ProtoExpert.new("jhup.failure", "Error reply", expert.group.RESPONSE_CODE, expert.severity.NOTE),
}

local field_list, expert_list = {}, {}
for _, field in pairs(fields) do field_list[#field_list + 1] = field end
for _, each in pairs(experts) do expert_list[#expert_list + 1] = each end
jhup.fields, jhup.experts = field_list, expert_list

jhup.prefs.ports = Pref.range("TCP ports", "8080", "Ports that servers listen on", 65535)
jhup.prefs.whole_body = Pref.uint("Longest body put together", 1048576, "A longer body is shown in pieces, as it came")

-- JSON (RFC 8259), strictly. Each function takes the text and a place in it, and gives a value and the place after it,
-- or raises a table {clause, reason}.

local function broken(clause, reason) error({ clause = clause, reason = reason }, 0) end

local function skip_space(text, at) return text:match("^[ \t\r\n]*()", at) end

local function is_in(number, first, last) return number ~= nil and first <= number and number <= last end

local function utf8_of(code)
  if code <= 0x7F then return string.char(code) end
  local bytes, first, limit = {}, 0x80, 0x40
  repeat
    table.insert(bytes, 1, string.char(0x80 + code % 0x40))
    code, first, limit = math.floor(code / 0x40), math.floor(first / 2) + 0x80, math.floor(limit / 2)
  until code < limit
  return string.char(first + code) .. table.concat(bytes)
end

local escapes = { ['"'] = '"', ["\\"] = "\\", ["/"] = "/", b = "\b", f = "\f", n = "\n", r = "\r", t = "\t" }

local function read_escape(text, at)
  local plain = escapes[text:sub(at, at)]
  if plain then return plain, at + 1, false end
  local high = tonumber(text:match("^u(%x%x%x%x)", at) or "", 16)
  if not high then broken("HEAD-6", "not an escape") end
  local low = tonumber(text:match("^\\u(%x%x%x%x)", at + 5) or "", 16)
  if is_in(high, 0xD800, 0xDBFF) and is_in(low, 0xDC00, 0xDFFF) then
    return utf8_of(0x10000 + (high - 0xD800) * 0x400 + low - 0xDC00), at + 11, false
  end
  return utf8_of(high), at + 5, is_in(high, 0xD800, 0xDFFF)
end

local function read_string(text, at)
  local parts, lone = {}, false
  at = at + 1
  while true do
    local plain, after = text:match('^([^"\\%c]*)()', at)
    parts[#parts + 1] = plain
    local next = text:sub(after, after)
    if next == '"' then return { kind = "string", value = table.concat(parts), lone = lone }, after + 1 end
    if next == "\127" then
      parts[#parts + 1], at = next, after + 1
    elseif next == "\\" then
      local character, behind, is_lone = read_escape(text, after + 1)
      parts[#parts + 1], at, lone = character, behind, lone or is_lone
    else
      broken("HEAD-6", "a string that does not end, or has a raw control character")
    end
  end
end

local function read_number(text, at)
  local digits = text:match("^-?%d+", at)
  local after = at + #digits
  if digits:match("^-?0%d") then broken("HEAD-6", "a number that begins with 0") end
  after = text:match("^%.%d+()", after) or after
  after = text:match("^[eE][+-]?%d+()", after) or after
  return { kind = after == at + #digits and "integer" or "fraction", value = text:sub(at, after - 1) }, after
end

local words = {
  ["true"] = { kind = "boolean", value = true }, ["false"] = { kind = "boolean", value = false }, null = { kind = "null" },
}
local read_value

-- Reads what stands between brackets: `item` reads one thing and gives the place after it.
local function read_list(text, at, close, item)
  at = skip_space(text, at + 1)
  if text:sub(at, at) == close then return at + 1 end
  while true do
    at = skip_space(text, item(skip_space(text, at)))
    local next = text:sub(at, at)
    if next == close then return at + 1 end
    if next ~= "," then broken("HEAD-6", "neither a comma nor " .. close) end
    at = at + 1
  end
end

local function read_object(text, at, depth)
  local members, names, twice = {}, {}, {}
  local after = read_list(text, at, "}", function(begin)
    if text:sub(begin, begin) ~= '"' then broken("HEAD-6", "the name of a member is not a string") end
    local name, behind = read_string(text, begin)
    behind = skip_space(text, behind)
    if text:sub(behind, behind) ~= ":" then broken("HEAD-6", "no colon after the name of a member") end
    local value, done = read_value(text, skip_space(text, behind + 1), depth + 1)
    twice[name.value] = members[name.value] ~= nil or nil
    if not members[name.value] then names[#names + 1] = name.value end
    members[name.value] = { kind = value.kind, value = value.value, lone = value.lone, first = begin, last = done - 1 }
    return done
  end)
  return { kind = "object", members = members, names = names, twice = twice }, after
end

function read_value(text, at, depth)
  if depth > MAX_DEPTH then broken("HEAD-19", "nested deeper than this reader goes; either way is right") end
  local first = text:sub(at, at)
  if first == "{" then return read_object(text, at, depth) end
  if first == '"' then return read_string(text, at) end
  if first == "[" then
    local after = read_list(text, at, "]", function(begin)
      local _, behind = read_value(text, begin, depth + 1)
      return behind
    end)
    return { kind = "array", value = text:sub(at, after - 1) }, after
  end
  if text:match("^-?%d", at) then return read_number(text, at) end
  local word = text:match("^-?%a+", at) or ""
  if words[word] then return words[word], at + #word end
  if word == "NaN" or word:match("^-?Infinity$") then broken("HEAD-9", word) end
  broken("HEAD-6", "not a value of JSON")
end

local function check_utf8(text)
  local at, size = 1, #text
  while at <= size do
    at = text:match("^[\000-\127]+()", at) or at
    if at > size then return end
    local first, second = text:byte(at, at + 1)
    local more = is_in(first, 0xC2, 0xDF) and 1 or is_in(first, 0xE0, 0xEF) and 2 or is_in(first, 0xF0, 0xF4) and 3
    local low = first == 0xE0 and 0xA0 or first == 0xF0 and 0x90 or 0x80
    local high = first == 0xED and 0x9F or first == 0xF4 and 0x8F or 0xBF
    if not more or at + more > size or not is_in(second, low, high) then broken("HEAD-4", "not UTF-8") end
    if text:sub(at + 2, at + more):match("[^\128-\191]") then broken("HEAD-4", "not UTF-8") end
    at = at + more + 1
  end
end

local function read_header(text)
  local mark = "\239\187\191"  -- a server may ignore one; this reader takes none
  if text:sub(1, 6) == mark .. mark then broken("HEAD-6", "two byte order marks") end
  if text:sub(1, 3) == mark then broken("HEAD-5", "a byte order mark") end
  check_utf8(text)
  local value, after = read_value(text, skip_space(text, 1), 1)
  if value.kind ~= "object" then
    broken(skip_space(text, after) > #text and "HEAD-8" or "HEAD-6", "not an object")
  end
  if skip_space(text, after) <= #text then broken("HEAD-7", "bytes after the object") end
  return value
end

-- The rules for requests (sections 3.2, 3.3, 4.1).

local function fits_63_bits(digits)
  return #digits < 19 or #digits == 19 and digits <= "9223372036854775807"
end

-- Tells whether a number that is written with a fraction or an exponent is an integer all the same, without rounding.
local function is_integer(text)
  local whole, fraction = text:match("^-?(%d+)%.?(%d*)")
  local digits = (whole .. fraction):gsub("0+$", "")
  return #digits <= #whole + (tonumber(text:match("[eE](.+)$")) or 0) or digits == ""
end

local function check_fraction(text)
  if text:match("^-") and not text:match("^-[0.]+$") then broken("HEAD-12", "filesize is negative") end
  if is_integer(text) then broken("HEAD-15", "filesize has a fraction or an exponent; this reader takes none") end
  local rounded = tonumber(text)
  if rounded ~= math.floor(rounded) then broken("HEAD-12", "filesize is fractional") end
  broken(rounded <= 9007199254740992 and "HEAD-16" or "HEAD-20", "filesize is not an integer, though it rounds to one")
end

local function check_request(members)
  local cmd, filename, filesize = members.cmd, members.filename, members.filesize
  if not cmd or cmd.kind ~= "string" then broken("HEAD-10", "cmd is missing or not a string") end
  if cmd.lone then broken("HEAD-21", "cmd has a lone surrogate") end
  if cmd.value ~= "put" then return end
  if not filename or filename.kind ~= "string" then broken("HEAD-11", "filename is missing or not a string") end
  if not filesize or filesize.kind ~= "integer" and filesize.kind ~= "fraction" then
    broken("HEAD-12", "filesize is missing or not a number")
  end
  if filesize.kind == "fraction" then check_fraction(filesize.value) end
  if filesize.value:match("^-[^0]") then broken("HEAD-12", "filesize is negative") end
  if not fits_63_bits(filesize.value) then broken("HEAD-14", "filesize is 2^63 or more") end
end

local function fault_of_name(name)
  if name.lone then return "NAME-8", "a lone surrogate" end
  local text = name.value
  if text == "" then return "NAME-3", "the empty name" end
  if #text > 255 then return "NAME-4", "more than 255 bytes" end
  if text:match("[\000-\031\127]") then return "NAME-5", "a control character" end
  if text:match("[/\\]") then return "NAME-6", "a slash or a backslash" end
  if text == "." or text == ".." then return "NAME-7", "a name of a folder" end
end

-- Numbers in Lua are doubles, or not, by its version: 64 bits are put together from two halves.
local function uint64(digits)
  local high, low = 0, 0
  for digit in digits:gmatch("%d") do
    low = low * 10 + tonumber(digit)
    high, low = high * 10 + math.floor(low / 4294967296), low % 4294967296
  end
  return UInt64.new(low, high % 4294967296)
end

-- The tree of one header, and what it says in a line.

local function add_member(tree, range, name, member, kinds)
  local place = range(member.first - 1, member.last - member.first + 1)
  local kind, field = kinds[name], fields[name]
  if kind ~= member.kind then return tree:add(fields.member, place, place:raw()) end
  if kind == "integer" then
    if member.value:match("^-") or not fits_63_bits(member.value) then return tree:add(fields.member, place, place:raw()) end
    return tree:add(field, place, uint64(member.value))
  end
  return tree:add(field, place, member.value)
end

local function show_request(tree, object)
  local members = object.members
  local cmd = members.cmd.value
  local name = members.filename and members.filename.kind == "string" and members.filename
  if cmd ~= "put" and cmd ~= "stat" then
    if cmd ~= "hello" then tree:add_proto_expert_info(experts.unknown, "ERR-11: unknown command: " .. cmd) end
    return cmd
  end
  if name then
    local clause, reason = fault_of_name(name)
    if clause then tree:add_proto_expert_info(experts.refused, clause .. ": " .. reason) end
  end
  local text = cmd .. " " .. (name and name.value or "?")
  return cmd == "put" and ("%s (%s bytes)"):format(text, members.filesize.value) or text
end

local function show_reply(tree, object)
  local members = object.members
  local function value(name) return members[name] and members[name].kind == "string" and members[name].value end
  if value("status") == "error" then
    local text = ("error %s"):format(value("code") or "?")
    tree:add_proto_expert_info(experts.failure, ("%s: %s"):format(text, value("message") or ""))
    return text
  end
  return ("%s %s"):format(value("status") or "reply", value("filename") or value("server") or "")
end

local function show_members(header, range, object, is_request)
  local kinds = is_request and of_request or of_reply
  for _, name in ipairs(object.names) do
    local item = add_member(header, range, name, object.members[name], kinds)
    if object.twice[name] and kinds[name] then
      item:add_proto_expert_info(experts.twice, "HEAD-17: the last one counts, or the header is malformed")
    end
  end
end

-- Streams. A direction of a connection is inside a long body (so many bytes remain), broken (-1: nothing is read any
-- more), or between frames (nil). The first pass keeps that in `now`; `before` has it for every call, because packets are
-- looked at again in any order.

local tcp_stream = Field.new("tcp.stream")
local now, before = {}, {}
function jhup.init() now, before = {}, {} end

-- Names a direction of a connection. Without a tree Wireshark doesn't tell the number of the connection.
local function direction_of(pinfo)
  local stream = tcp_stream()
  local ends = ("%s:%d>%s:%d"):format(tostring(pinfo.src), pinfo.src_port, tostring(pinfo.dst), pinfo.dst_port)
  return stream and ("%d %s"):format(stream.value, ends) or ends
end

local function state_at(tvb, pinfo, direction)
  local call = ("%d:%d:%d"):format(pinfo.number, tvb:offset(), tvb:len())
  if not pinfo.visited and before[call] == nil then before[call] = now[direction] or 0 end
  return before[call] or 0
end

-- Gives the object of a header, and the length of the body after it.
local function understand(text, is_request)
  local object = read_header(text)
  if is_request then check_request(object.members) end
  local is_put = is_request and object.members.cmd.value == "put"
  return object, is_put and tonumber(object.members.filesize.value) or 0
end

local function show_malformed_prefix(tvb, at, tree, length)
  local item = tree:add(jhup, tvb(at, 4), "JHUP: malformed prefix")
  local clause = length < MIN_HEADER and "FRAME-14" or "FRAME-15"
  item:add_le(fields.prefix, tvb(at, 4)):add_proto_expert_info(experts.malformed, ("%s: a prefix of %d"):format(clause, length))
  return at + 4, "malformed prefix", -1
end

-- Gives the place after one frame, what it says, and the state after it; or nothing, and how many bytes are missing.
local function dissect_frame(tvb, at, tree, is_request)
  local rest = tvb:len() - at
  if rest < 4 then return nil, DESEGMENT_ONE_MORE_SEGMENT end
  local length = tvb(at, 4):le_int()
  if length < MIN_HEADER or length > MAX_HEADER then return show_malformed_prefix(tvb, at, tree, length) end
  -- Not as many bytes as are missing: the body would be asked for next, and Wireshark forgets the first of two wishes that
  -- one segment fulfils when it looks at a packet again.
  if rest < 4 + length then return nil, DESEGMENT_ONE_MORE_SEGMENT end
  local range, behind = tvb(at + 4, length), at + 4 + length
  local understood, object, size = pcall(understand, range:raw(), is_request)
  if not understood and type(object) ~= "table" then error(object, 0) end -- a fault of this program
  local missing = understood and size - (tvb:len() - behind) or 0
  if missing > 0 and size <= jhup.prefs.whole_body then return nil, missing end
  local here = understood and math.min(size, tvb:len() - behind) or 0
  local kind = is_request and "Request" or "Reply"
  local item = tree:add(jhup, tvb(at, 4 + length + here), "JHUP " .. kind)
  item:add_le(fields.prefix, tvb(at, 4))
  local header = item:add(fields.header, range, range:raw())
  if not understood then
    item:add_proto_expert_info(experts.malformed, object.clause .. ": " .. object.reason)
    return behind, "malformed " .. kind:lower(), -1
  end
  show_members(header, range, object, is_request)
  local info = (is_request and show_request or show_reply)(item, object)
  item:append_text(": " .. info)
  if here > 0 then item:add(size == here and fields.body or fields.piece, tvb(behind, here)) end
  return behind + here, info, size - here
end

function jhup.dissector(tvb, pinfo, tree)
  local is_request = pinfo.src_port ~= pinfo.match_uint
  local direction = direction_of(pinfo)
  local state, at, infos = state_at(tvb, pinfo, direction), 0, {}
  pinfo.cols.protocol = "JHUP"
  while at < tvb:len() do
    if state == -1 then
      tree:add(jhup, tvb(at)):add(fields.unread, tvb(at))
      infos[#infos + 1], at = "not read", tvb:len()
    elseif state > 0 then
      local here = math.min(state, tvb:len() - at)
      tree:add(jhup, tvb(at, here)):add(fields.piece, tvb(at, here))
      infos[#infos + 1], at, state = ("%d bytes of a body"):format(here), at + here, state - here
    else
      local behind, said, left = dissect_frame(tvb, at, tree, is_request)
      if not behind then
        pinfo.desegment_offset, pinfo.desegment_len = at, said
        break
      end
      infos[#infos + 1], at, state = said, behind, left
    end
  end
  if not pinfo.visited then now[direction] = state end
  pinfo.cols.info = (#infos > 0 and table.concat(infos, "; ") or "a part of a frame") .. "; " -- others may follow
  return tvb:len()
end

local ports, served = DissectorTable.get("tcp.port"), nil
local function serve()
  if served then ports:remove(served, jhup) end
  served = jhup.prefs.ports
  ports:add(served, jhup)
end
jhup.prefs_changed = serve
serve()
ports:add_for_decode_as(jhup)
