-- For wrk: sends the same body with POST. Argument: BODY.
function init(args)
  wrk.method = "POST"
  wrk.body = args[1]
  wrk.headers["Content-Type"] = "application/json"
  encoded = wrk.format()
end

function request()
  return encoded
end
