package sala.model.tornado;

import sala.kernels.KernelGraph;
import sala.kernels.norm.FinalNorm;
import sala.loader.ModelConfig;

/**
 * The head as tasks: logits of the last token of a call.
 *
 * <pre>
 *   hidden[last] ──finalNorm──▶ lastRow ──head: logitScale lmHead lastRow──▶ logits
 * </pre>
 */
record LogitsGraph(ModelConfig config, DeviceBuffers buffers) {
    void add(KernelGraph graph, DeviceWeights weights) {
        DeviceBuffers b = buffers;
        FinalNorm.addTo(
                graph,
                graph.scoped("finalNorm"),
                b.step(),
                b.hidden(),
                weights.finalNorm(),
                b.lastRow(),
                b.tokenCapacity(),
                config.hiddenSize(),
                (float) config.rmsNormEps());
        new Projections(graph, b, true)
                .head(graph.scoped("head"), b.lastRow(), weights.lmHead(), b.logits(), (float) config.logitScale());
    }
}
