-- Sends the requests that a file describes, in turn, and prints what came of it as JSON. Arguments: the file.

local ready, turn, wait = {}, 0, 0

function init(arguments)
   local wanted = dofile(arguments[1])
   local list = wanted.requests
   if #list == 1 and not wanted.delay then
      -- wrk formats a request that never changes only once.
      wrk.method, wrk.path, wrk.body = list[1].method, list[1].path, list[1].body
      for name, value in pairs(list[1].headers) do wrk.headers[name] = value end
      return
   end
   for number, one in ipairs(list) do
      ready[number] = wrk.format(one.method, one.path, one.headers, one.body)
   end
   function request()
      turn = turn % #ready + 1
      return ready[turn]
   end
   if wanted.delay then
      wait = wanted.delay
      function delay() return wait end
   end
end

function done(summary, latency, _)
   local failed = summary.errors
   io.write(string.format(
      '\nRESULT {"requests": %d, "seconds": %f, "p50_ms": %f, "p99_ms": %f, "refused": %d, "broken": %d}\n',
      summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
      failed.status, failed.connect + failed.read + failed.write + failed.timeout))
end
