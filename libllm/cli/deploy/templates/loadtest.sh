#!/bin/sh
{{?en}}# Checks what the plan promises: {{promise}}
{{?zh}}# 检验方案的承诺：{{promise}}
{{?en}}# usage: sh loadtest.sh [URL] [FILE WITH THE KEY]
{{?zh}}# 用法：sh loadtest.sh [URL] [密钥文件]
set -eu
url=${1:-http://127.0.0.1:8000/v1}
cd "$(dirname "$0")"
libllm bench --endpoint "$url" ${2:+--api-key-file "$2"} -m {{served_model}} \
  --rate {{rate}} --concurrency {{load_concurrency}} --input {{input_tokens}} --output {{output_tokens}} --ignore-eos \
  --duration "${DURATION:-{{duration}}}" --target ttft={{target_ttft}}ms,tpot={{target_tpot}}ms --estimate scenario.json --json
