/**
 * The model as TornadoVM task graphs. {@link sala.model.tornado.TornadoForwardPass} is the entry; a token's way through
 * the device is drawn by {@link sala.model.tornado.LightningLayerGraph}, {@link sala.model.tornado.SparseLayerGraph} and
 * {@link sala.model.tornado.LogitsGraph}. Kernels are those of {@code sala.kernels}; here is only what runs after what.
 */
@NullMarked
package sala.model.tornado;

import org.jspecify.annotations.NullMarked;
