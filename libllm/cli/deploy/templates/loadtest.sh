#!/bin/sh
{{?en}}# Checks what the plan promises: {{promise}}
{{?zh}}# 检验方案的承诺：{{promise}}
{{?en}}# usage: sh loadtest.sh [URL] [FILE WITH THE KEY]     exits with 1 unless the share REQUIRE of requests (0.9) keeps it
{{?zh}}# 用法：sh loadtest.sh [URL] [密钥文件]     达标请求的比例不足 REQUIRE（0.9）时以 1 退出
set -eu
url=${1:-http://127.0.0.1:8000/v1}
libllm bench --endpoint "$url" ${2:+--api-key-file "$2"} -m {{served_model}} \
  --rate {{rate}} --concurrency {{load_concurrency}} --input {{input_tokens}} --output {{output_tokens}} --ignore-eos \
{{?prefix_tokens}}  --prefix {{prefix_tokens}} --prefixes {{prefixes}} \
  --duration "${DURATION:-{{duration}}}" --target ttft={{target_ttft}}ms,tpot={{target_tpot}}ms --require "${REQUIRE:-0.9}" \
  --estimate "$(dirname "$0")/scenario.json" --json
