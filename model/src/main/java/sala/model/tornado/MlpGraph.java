package sala.model.tornado;

import sala.kernels.KernelGraph;
import sala.loader.ModelConfig;

/**
 * The second half of every layer as tasks.
 *
 * <pre>
 *   hidden ──mlpNorm──▶ normed ──swiGlu: silu(gateProj normed) upProj normed──▶ activated      in decode swiGlu norms
 *   hidden ◀──down: + residualScale downProj activated──────────────────────────────┘
 * </pre>
 */
record MlpGraph(ModelConfig config, DeviceBuffers buffers) {
    void add(KernelGraph graph, DeviceLayer layer, boolean decode) {
        new Projections(graph, buffers, decode)
                .mlp(
                        layer,
                        buffers.activated(),
                        buffers.hidden(),
                        (float) config.residualScale(),
                        (float) config.rmsNormEps());
    }
}
