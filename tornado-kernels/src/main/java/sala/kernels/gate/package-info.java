/**
 * Gates and gated activations: {@link sala.kernels.gate.OutputNormGateF32} after lightning attention,
 * {@link sala.kernels.gate.OutputGateF32} after softmax attention, {@link sala.kernels.gate.SwiGluF32} in the MLP. A class
 * ending in F32 writes f32; its F16 and Bf16 forms write what a tensor-core matrix product reads. Shape letters:
 * {@code T} tokens of the call.
 */
@NullMarked
package sala.kernels.gate;

import org.jspecify.annotations.NullMarked;
