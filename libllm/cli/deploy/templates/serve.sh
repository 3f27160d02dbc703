#!/bin/sh
# {{why}}
#
{{?en}}# On each machine (of a replica): {{version_line}}
{{?zh}}# 在（副本的）每台机器上：{{version_line}}
{{?nodes}}: "${NODE_RANK:?the number of this machine, from 0 on}" "${MASTER_ADDR:?the address of machine 0}"
set -- \
  {{shell_args}}
exec {{shell_command}}
