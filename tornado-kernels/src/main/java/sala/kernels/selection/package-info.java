/**
 * Block selection, stage 1 of InfLLM-V2, on the device: {@link sala.kernels.selection.DecodeSelectionF32} for one token,
 * spread over many work groups; {@link sala.kernels.selection.PrefillSelectionF32} for the tokens of a chunk, each work
 * group a few tokens; {@link sala.kernels.selection.TensorDecodeSelection} and
 * {@link sala.kernels.selection.TensorPrefillSelection} do the same on tensor cores. All score compressed keys, rank blocks by bf16 score ({@link sala.kernels.selection.BlockRank})
 * and list the best.
 */
@NullMarked
package sala.kernels.selection;

import org.jspecify.annotations.NullMarked;
