-- wrk script: POSTs one JSON-RPC body. Arguments: PATH=BYTES_FILE HEADER=VALUE...
-- A body that holds @ID@ gets a new number for each request (sessions of the legacy revisions need that).
local body, numbered, count = "", false, 0

function init(args)
  for _, arg in ipairs(args) do
    local name, value = arg:match("^([^=]+)=(.*)$")
    if name == "body" then
      local file = assert(io.open(value, "rb"))
      body = file:read("*a")
      file:close()
    elseif name then
      wrk.headers[name] = value
    end
  end
  wrk.method = "POST"
  numbered = body:find("@ID@", 1, true) ~= nil
  if not numbered then
    wrk.body = body
    local fixed = wrk.format()
    request = function() return fixed end
  end
end

function request()
  count = count + 1
  return wrk.format(nil, nil, nil, (body:gsub("@ID@", tostring(count), 1)))
end
