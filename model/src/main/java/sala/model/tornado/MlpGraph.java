package sala.model.tornado;

import sala.kernels.KernelGraph;
import sala.kernels.norm.RmsNormF32;
import sala.loader.ModelConfig;

/**
 * The second half of every layer as tasks.
 *
 * <pre>
 *   hidden ──mlpNorm──▶ normed ──swiGlu: silu(gateProj normed) upProj normed──▶ activated
 *   hidden ◀──down: + residualScale downProj activated──────────────────────────────┘
 * </pre>
 */
record MlpGraph(ModelConfig config, DeviceBuffers buffers) {
    void add(KernelGraph graph, DeviceLayer layer, boolean decode) {
        DeviceBuffers b = buffers;
        Projections projections = new Projections(graph, b, decode);
        RmsNormF32.addTo(
                graph,
                graph.scoped("mlpNorm"),
                b.step(),
                b.hidden(),
                layer.postAttentionNorm(),
                b.normed(),
                decode ? 1 : b.tokenCapacity(),
                config.hiddenSize(),
                (float) config.rmsNormEps());
        projections.mlp(b.normed(), layer.mlp(), b.activated(), b.hidden(), (float) config.residualScale());
    }
}
