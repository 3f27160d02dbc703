// SPDX-License-Identifier: MIT
// Sums and maxima over a workgroup, for subgroups of any size. All invocations take part and get the result.
const uint SUBGROUPS_MAX = 256;
shared float reduced[SUBGROUPS_MAX];

float workgroup_sum(float x)
{
    x = subgroupAdd(x);
    if (gl_NumSubgroups == 1)
        return x;
    barrier();
    if (subgroupElect())
        reduced[gl_SubgroupID] = x;
    barrier();
    float sum = 0;
    for (uint i = 0; i < gl_NumSubgroups; i++)
        sum += reduced[i];
    return sum;
}

float workgroup_max(float x)
{
    x = subgroupMax(x);
    if (gl_NumSubgroups == 1)
        return x;
    barrier();
    if (subgroupElect())
        reduced[gl_SubgroupID] = x;
    barrier();
    float most = reduced[0];
    for (uint i = 1; i < gl_NumSubgroups; i++)
        most = max(most, reduced[i]);
    return most;
}
