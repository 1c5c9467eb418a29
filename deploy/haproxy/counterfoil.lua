-- Asks Counterfoil whether a call may go on (HAProxy 2.5 and later, built with Lua).
--
-- The action sets txn.counterfoil_status, and for what the product or the caller hears:
-- txn.counterfoil_call, _enterprise, _key, _sub_account, _code, _retry, _challenge.
-- No answer sets 503: the frontend lets a call in on 200 alone.

local CHECK = "http://127.0.0.1:8000/authorize"
local SERVICE_KEY = "cfsv_REPLACE_ME"
local TIMEOUT_MS = 2000

local function first(headers, name)
    local found = headers and headers[name]
    return found and (found[0] or found[1]) or ""
end

core.register_action("counterfoil", { "http-req" }, function(txn)
    txn:set_var("txn.counterfoil_status", 503)
    local asked = {
        ["x-service-key"] = { SERVICE_KEY },
        ["x-original-method"] = { txn.f:method() },
        ["x-original-uri"] = { txn.f:pathq() },
        ["x-forwarded-for"] = { txn.f:src() },
        -- The code stands in a header for gateways that see headers alone.
        ["x-gateway"] = { "nginx" },
    }
    local token = txn.f:req_hdrs() and txn.http:req_get_headers()["authorization"]
    if token then
        if token[1] then return end -- it came twice: whose call it is cannot be told
        asked["authorization"] = { token[0] }
    end
    local answer = core.httpclient():get({ url = CHECK, headers = asked, timeout = TIMEOUT_MS })
    if not answer or not answer.status or answer.status == 0 then return end
    local status = tonumber(first(answer.headers, "x-deny-status")) or answer.status
    txn:set_var("txn.counterfoil_call", first(answer.headers, "x-request-id"))
    txn:set_var("txn.counterfoil_enterprise", first(answer.headers, "x-enterprise-id"))
    txn:set_var("txn.counterfoil_key", first(answer.headers, "x-key-id"))
    txn:set_var("txn.counterfoil_sub_account", first(answer.headers, "x-sub-account-id"))
    txn:set_var("txn.counterfoil_code", first(answer.headers, "x-deny-code"))
    txn:set_var("txn.counterfoil_retry", first(answer.headers, "retry-after"))
    txn:set_var("txn.counterfoil_challenge", first(answer.headers, "www-authenticate"))
    txn:set_var("txn.counterfoil_status", status)
end)
