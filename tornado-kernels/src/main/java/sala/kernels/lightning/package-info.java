/**
 * Linear attention with a constant decay per head: {@link sala.kernels.lightning.RecurrentStep} for one token,
 * {@link sala.kernels.lightning.ChunkedPrefill} for many, in three kernels ({@link sala.kernels.lightning.ChunkState},
 * {@link sala.kernels.lightning.ChunkScan}, {@link sala.kernels.lightning.ChunkOutput}). Both leave the state
 * {@code [numHeads, headDim (key channel), headDim (value channel)]} on the device, f32; a new conversation zeroes it with
 * {@link sala.kernels.lightning.StateReset}, since device memory comes up dirty. Positions play no part here. Shape
 * letters: {@code T} tokens of the call.
 */
@NullMarked
package sala.kernels.lightning;

import org.jspecify.annotations.NullMarked;
