-- For wrk: asks for PATH/0 to PATH/(COUNT-1) in turn. Arguments: PATH COUNT.
local requests = {}
local next_one = 0

function init(args)
  for number = 0, tonumber(args[2]) - 1 do
    requests[number] = wrk.format("GET", args[1] .. "/" .. number)
  end
end

function request()
  local one = requests[next_one]
  next_one = (next_one + 1) % (#requests + 1)
  return one
end
