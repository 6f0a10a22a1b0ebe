package sala.model.tornado;

import sala.kernels.KernelGraph;
import sala.kernels.attention.QueryOperands;
import sala.kernels.gate.OutputGateF32;
import sala.kernels.norm.RmsNormF32;
import sala.kernels.rope.QkRope;
import sala.loader.ModelConfig;

/**
 * A sparse layer as tasks, with dense or block-sparse attention.
 *
 * <pre>
 *   hidden ──norm──▶ normed ──qkv──▶ q, k, v        k, v ──append──▶ cache ──compress──▶ fineKeys, coarseKeys
 *                      │             │
 *                      │             │          in decode on tensor cores q goes as {@link QueryOperands}
 *                      │             ├─ sparse: select (fineKeys, coarseKeys) ──▶ selectedBlocks
 *                      │             │          attention (selectedBlocks, cache) ──▶ attended
 *                      │             └─ dense:  attention (cache) ──▶ attended
 *                      │                                                │
 *                      └──gate: * sigmoid(oGate normed)──▶ attended ◀───┘      in decode qkv has multiplied oGate
 *   hidden ◀──output: + residualScale oProj attended┘
 *     └──then {@link MlpGraph}
 * </pre>
 */
record SparseLayerGraph(ModelConfig config, DeviceBuffers buffers, Shapes shapes) {

    /** Adds the layer for one token or for a chunk of a prompt, with dense or sparse attention. */
    void add(KernelGraph graph, DeviceLayer.Sparse layer, DeviceCache.Kv cache, DeviceModel.Call call) {
        boolean decode = call.isDecode();
        DeviceBuffers b = buffers;
        Projections projections = new Projections(graph, b, decode);
        int tokens = decode ? 1 : b.tokenCapacity();
        RmsNormF32.addTo(
                graph,
                graph.scoped("norm"),
                b.step(),
                b.hidden(),
                layer.inputNorm(),
                b.normed(),
                tokens,
                config.hiddenSize(),
                (float) config.rmsNormEps());
        projections.qkv(graph.scoped("qkv"), layer, b.normed(), b.q(), b.k(), b.v());
        if (config.sparseUseRope()) {
            QkRope.addTo(
                    graph,
                    graph.scoped("qkRope"),
                    b.step(),
                    b.q(),
                    b.k(),
                    b.sparseRope().cosines(),
                    b.sparseRope().sines(),
                    tokens,
                    config.numHeads(),
                    config.numKvHeads(),
                    config.headDim());
        }
        CacheTasks tasks = new CacheTasks(graph, b, shapes);
        tasks.append(cache, b.k(), b.v(), tokens);
        tasks.compress(cache, tokens);
        if (decode) {
            tasks.splitQueries();
        }
        if (call.isSparse()) {
            tasks.select(cache, decode);
            tasks.attendSelected(cache, decode);
        } else {
            tasks.attendAll(cache, decode);
        }
        if (layer.gateProj().isPresent() && decode) {
            OutputGateF32.addTo(
                    graph,
                    graph.scoped("gate"),
                    b.step(),
                    b.attended(),
                    b.gate(),
                    b.attended(),
                    tokens,
                    config.queryWidth());
        } else if (layer.gateProj().isPresent()) {
            projections.gate(graph.scoped("gate"), b.normed(), layer.gateProj().get(), b.attended());
        }
        projections.residual(
                graph.scoped("output"), b.attended(), layer.oProj(), b.hidden(), (float) config.residualScale());
        new MlpGraph(config, b).add(graph, layer, decode);
    }
}
