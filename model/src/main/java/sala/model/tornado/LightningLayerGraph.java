package sala.model.tornado;

import sala.kernels.KernelGraph;
import sala.kernels.gate.OutputGateF32;
import sala.kernels.gate.OutputNormGateF32;
import sala.kernels.lightning.ChunkedPrefill;
import sala.kernels.lightning.RecurrentStep;
import sala.kernels.norm.RmsNormF32;
import sala.kernels.rope.QkNorm;
import sala.kernels.rope.QkNormRope;
import sala.kernels.rope.QkRope;
import sala.loader.LightningConfig;
import sala.loader.ModelConfig;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * A lightning layer as tasks. In decode a projection is a matrix-vector product, in prefill a matrix product; the rest is
 * the same.
 *
 * <pre>
 *   hidden ──norm──▶ normed ──qkv──▶ q, k, v ──qkNorm, rope──▶ q, k, v
 *                      │                            │
 *                      │            state ◀──attention (one step, or three phases over chunks)──▶ attended
 *                      │                                                                            │
 *                      └──────────────gate: * sigmoid(zProj normed)──▶ mixed ◀──outputNorm─────────┘
 *                                     in decode qkv has multiplied zProj, and norm and gate are one
 *                                                                      │
 *   hidden ◀──output: + residualScale oProj mixed──────────────────────┘
 *     └──then {@link MlpGraph}
 * </pre>
 */
record LightningLayerGraph(ModelConfig config, DeviceBuffers buffers, TornadoOptions options) {

    /** Adds the layer for one token, or for a chunk of a prompt. */
    void add(KernelGraph graph, DeviceLayer.Lightning layer, DeviceCache.State cache, boolean decode) {
        DeviceBuffers b = buffers;
        Projections projections = new Projections(graph, b, decode);
        int tokens = decode ? 1 : b.tokenCapacity();
        float eps = (float) config.rmsNormEps();
        RmsNormF32.addTo(
                graph,
                graph.scoped("norm"),
                b.step(),
                b.hidden(),
                layer.inputNorm(),
                b.normed(),
                tokens,
                config.hiddenSize(),
                eps);
        projections.qkv(graph.scoped("qkv"), layer, b.normed(), b.q(), b.k(), b.v());
        rotate(graph, layer, tokens);
        attend(graph, cache, decode);
        FloatArray mixed = decode ? gateToken(graph, layer) : gateChunk(graph, layer, projections);
        projections.residual(graph.scoped("output"), mixed, layer.oProj(), b.hidden(), (float) config.residualScale());
        new MlpGraph(config, b).add(graph, layer, decode);
    }

    /** Norm and gate of one token's output, of which {@code qkv} has computed the gate's product; either may be off. */
    private FloatArray gateToken(KernelGraph graph, DeviceLayer.Lightning layer) {
        DeviceBuffers b = buffers;
        int width = config.lightning().width();
        if (layer.oNorm().isPresent() && layer.gateProj().isPresent()) {
            OutputNormGateF32.addTo(
                    graph,
                    graph.scoped("outputNormGate"),
                    b.step(),
                    b.attended(),
                    layer.oNorm().get(),
                    b.gate(),
                    b.mixed(),
                    1,
                    width,
                    (float) config.rmsNormEps());
            return b.mixed();
        }
        if (layer.gateProj().isPresent()) {
            OutputGateF32.addTo(graph, graph.scoped("gate"), b.step(), b.attended(), b.gate(), b.mixed(), 1, width);
            return b.mixed();
        }
        return normOutput(graph, layer, 1);
    }

    /** Norm and gate of a chunk's outputs; either may be off. */
    private FloatArray gateChunk(KernelGraph graph, DeviceLayer.Lightning layer, Projections projections) {
        FloatArray mixed = normOutput(graph, layer, buffers.tokenCapacity());
        layer.gateProj().ifPresent(gate -> projections.gate(graph.scoped("gate"), buffers.normed(), gate, mixed));
        return mixed;
    }

    private FloatArray normOutput(KernelGraph graph, DeviceLayer.Lightning layer, int tokens) {
        DeviceBuffers b = buffers;
        if (layer.oNorm().isEmpty()) {
            return b.attended();
        }
        RmsNormF32.addTo(
                graph,
                graph.scoped("outputNorm"),
                b.step(),
                b.attended(),
                layer.oNorm().get(),
                b.mixed(),
                tokens,
                config.lightning().width(),
                (float) config.rmsNormEps());
        return b.mixed();
    }

    /** Norm of q and k per head, then rotation; either may be off. */
    private void rotate(KernelGraph graph, DeviceLayer.Lightning layer, int tokens) {
        DeviceBuffers b = buffers;
        LightningConfig lightning = config.lightning();
        int heads = lightning.numHeads();
        int headDim = lightning.headDim();
        float eps = (float) config.rmsNormEps();
        FloatArray cosines = b.lightningRope().cosines();
        FloatArray sines = b.lightningRope().sines();
        if (lightning.qkNorm() && lightning.useRope()) {
            QkNormRope.addTo(
                    graph,
                    graph.scoped("qkNormRope"),
                    b.step(),
                    b.q(),
                    b.k(),
                    layer.qNorm().orElseThrow(),
                    layer.kNorm().orElseThrow(),
                    cosines,
                    sines,
                    tokens,
                    heads,
                    heads,
                    headDim,
                    eps);
        } else if (lightning.qkNorm()) {
            QkNorm.addTo(
                    graph,
                    graph.scoped("qkNorm"),
                    b.step(),
                    b.q(),
                    b.k(),
                    layer.qNorm().orElseThrow(),
                    layer.kNorm().orElseThrow(),
                    tokens,
                    heads,
                    heads,
                    headDim,
                    eps);
        } else if (lightning.useRope()) {
            QkRope.addTo(
                    graph,
                    graph.scoped("qkRope"),
                    b.step(),
                    b.q(),
                    b.k(),
                    cosines,
                    sines,
                    tokens,
                    heads,
                    heads,
                    headDim);
        }
    }

    private void attend(KernelGraph graph, DeviceCache.State cache, boolean decode) {
        DeviceBuffers b = buffers;
        LightningConfig lightning = config.lightning();
        float scale = (float) lightning.attentionScale();
        if (decode) {
            RecurrentStep.addTo(
                    graph,
                    graph.scoped("attention"),
                    b.q(),
                    b.k(),
                    b.v(),
                    b.decays(),
                    cache.state(),
                    b.attended(),
                    lightning.numHeads(),
                    lightning.headDim(),
                    scale);
        } else {
            ChunkedPrefill.addTo(
                    graph,
                    graph.scoped("attention"),
                    b.step(),
                    b.q(),
                    b.k(),
                    b.v(),
                    b.decaySlopes(),
                    cache.state(),
                    b.chunkStates(),
                    b.attended(),
                    b.tokenCapacity(),
                    options.lightningChunk(),
                    lightning.numHeads(),
                    lightning.headDim(),
                    scale);
        }
    }
}
