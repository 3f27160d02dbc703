// SPDX-License-Identifier: MIT
// What all shaders share: memory by its address, what every dispatch is told, and sums over a workgroup.
#extension GL_EXT_buffer_reference : require
#extension GL_EXT_buffer_reference2 : require
#extension GL_EXT_scalar_block_layout : require
#extension GL_EXT_shader_8bit_storage : require
#extension GL_EXT_shader_16bit_storage : require
#extension GL_EXT_shader_explicit_arithmetic_types_int8 : require
#extension GL_EXT_shader_explicit_arithmetic_types_int16 : require
#extension GL_EXT_shader_explicit_arithmetic_types_int32 : require
#extension GL_EXT_shader_explicit_arithmetic_types_int64 : require
#extension GL_EXT_control_flow_attributes : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_arithmetic : require

layout(buffer_reference, scalar, buffer_reference_align = 1) buffer U8 { uint8_t v[]; };
layout(buffer_reference, scalar, buffer_reference_align = 2) buffer U16 { uint16_t v[]; };
layout(buffer_reference, scalar, buffer_reference_align = 4) buffer U32 { uint v[]; };
layout(buffer_reference, scalar, buffer_reference_align = 4) buffer F32 { float v[]; };
layout(buffer_reference, scalar, buffer_reference_align = 8) buffer U64 { uint64_t v[]; };

#include "params.h"

layout(push_constant, scalar) uniform Push
{
    uint64_t op;     // parameters of the operation
    uint64_t batch;  // the batch in hand
    uint64_t tables; // of the formats that have some
    uint64_t tail;   // numbers of the columns to work on; 0: all
}
push;

layout(local_size_x_id = 0) in;

uint n_active()
{
    batch_params b = batch_params(push.batch);
    return push.tail != 0 ? b.n_tail : b.n_columns;
}

// The column that is active column i.
uint active_column(uint i)
{
    return push.tail != 0 ? U32(push.tail).v[batch_params(push.batch).tail_base + i] : i;
}
