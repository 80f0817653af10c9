/* SPDX-License-Identifier: Apache-2.0 */
/* The model that ships, aligned so that its weights can be used in place. */
    .section .rodata
    .balign 64
    .globl embedded_model
    .hidden embedded_model
embedded_model:
    .incbin TOOL_EMBEDDED_MODEL
    .globl embedded_model_end
    .hidden embedded_model_end
embedded_model_end:
    .byte 0
    .section .note.GNU-stack, "", %progbits
