package sala.model.tornado;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import sala.kernels.KernelGraph;
import sala.kernels.Step;
import sala.kernels.lightning.StateCopy;
import sala.kernels.rope.RopeTable;
import sala.kernels.sampling.Argmax;
import sala.kernels.sampling.LargestLogits;
import sala.kernels.selection.BlockRank;
import sala.kernels.storage.Residency;
import sala.loader.ModelConfig;
import sala.loader.TensorView;
import sala.model.GreedyDecoder;
import sala.model.LayerWeights;
import sala.model.LoadListener;
import sala.model.ModelWeights;
import sala.model.tornado.DeviceBuffers.RopeAngles;
import sala.model.tornado.DevicePlan.Spec;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * The model on the device: weights, the caches of one session, and the graphs that compute with them.
 *
 * <pre>
 *   input      step and tokens of the call go to the device          every call
 *   buffers    owns what lies between the kernels; computes nothing
 *   table, layer, head   own the embedding, the weights and caches of a layer, norm and head; compute nothing
 *   embed      embedding and angles, for one token or a chunk
 *   decode, prefill   one for each layer, dense or sparse
 *   logits     final norm and head; logits come back
 *   greedy     the same, and the largest logit's token comes back; fetch: the logits of that
 *   observe    residual stream and block choices come back           only if somebody watches
 *   read, write  caches of a layer come back, or are replaced         when sessions are saved, copied or change places
 * </pre>
 */
final class DeviceModel implements AutoCloseable {
    private static final String INPUT = "input";
    private static final String BUFFERS = "buffers";
    private static final String TABLE = "table";
    private static final String EMBED = "embed";
    private static final String EMBED_PREFILL = "embedPrefill";
    private static final String HEAD = "head";
    private static final String LOGITS = "logits";
    private static final String GREEDY = "greedy";
    private static final String FETCH = "fetch";
    private static final String OBSERVE = "observe";

    /** What a call does in the layers. */
    enum Call {
        DECODE_DENSE("decode"),
        DECODE_SPARSE("decodeSparse"),
        PREFILL_DENSE("prefill"),
        PREFILL_SPARSE("prefillSparse");

        private final String prefix;

        Call(String prefix) {
            this.prefix = prefix;
        }

        static Call of(boolean decode, boolean sparse) {
            if (decode) {
                return sparse ? DECODE_SPARSE : DECODE_DENSE;
            }
            return sparse ? PREFILL_SPARSE : PREFILL_DENSE;
        }

        boolean isDecode() {
            return this == DECODE_DENSE || this == DECODE_SPARSE;
        }

        boolean isSparse() {
            return this == DECODE_SPARSE || this == PREFILL_SPARSE;
        }

        /** The same call in a layer that knows no sparse attention. */
        private Call inLightning() {
            return isDecode() ? DECODE_DENSE : PREFILL_DENSE;
        }
    }

    private final ModelConfig config;
    private final TornadoOptions options;
    private final DeviceWeights weights;
    private final Shapes shapes;
    private final DeviceBuffers buffers;
    private final List<DeviceCache> caches = new ArrayList<>();
    /** What {@code write} sends and {@code read} brings: a state. */
    private final FloatArray stagedState;

    /** The same for keys and values of a chunk of tokens. */
    private final FloatArray stagedKeys;

    private final FloatArray stagedValues;

    /** What {@code greedy} leaves: the largest logits of parts of the vocabulary, their tokens, and the token. */
    private final FloatArray largest;

    private final IntArray largestTokens;
    private final IntArray greedyToken = new IntArray(1);
    private final DevicePlan plan;

    /**
     * Describes all graphs and brings the weights to the device. Kernels are compiled when they are first used.
     *
     * @param loading sees the weights go to the device
     */
    DeviceModel(ModelWeights modelWeights, TornadoOptions options, TornadoDevice device, LoadListener loading) {
        this.options = options;
        config = modelWeights.config();
        shapes = Shapes.of(config, options.capacity());
        HostStaging staging = new HostStaging(
                DeviceWeights.largestShareBytes(modelWeights, options.weightStorage(), this::cacheShareBytes));
        weights = DeviceWeights.of(modelWeights, options.weightStorage(), staging);
        buffers = DeviceBuffers.of(config, shapes, options);
        for (int layer = 0; layer < weights.layers().size(); layer++) {
            HostStaging.Share share = weights.layerShares().get(layer);
            caches.add(
                    switch (weights.layers().get(layer)) {
                        case DeviceLayer.Sparse _ -> DeviceCache.kv(config, shapes, options.cacheStorage(), share);
                        case DeviceLayer.Lightning _ -> DeviceCache.state(config, share);
                    });
        }
        stagedState = new FloatArray(DeviceCache.stateSize(config));
        int kvSize = Math.multiplyExact(options.prefillChunk(), config.kvWidth());
        stagedKeys = new FloatArray(kvSize);
        stagedValues = new FloatArray(kvSize);
        largest = new FloatArray(LargestLogits.numParts(config.vocabSize()));
        largestTokens = new IntArray(LargestLogits.numParts(config.vocabSize()));
        plan = new DevicePlan(device, buffers.step(), specs());
        try {
            load(modelWeights, loading);
        } catch (RuntimeException | Error e) {
            plan.close();
            throw e;
        }
    }

    private long cacheShareBytes(LayerWeights layer) {
        return switch (layer) {
            case LayerWeights.SparseLayerWeights _ -> DeviceCache.kvShareBytes(config, shapes, options.cacheStorage());
            case LayerWeights.LightningLayerWeights _ -> HostStaging.bytes(DeviceCache.stateSize(config), Float.BYTES);
        };
    }

    /** Sends one share after the other, since all have the same memory on the host. */
    private void load(ModelWeights modelWeights, LoadListener loading) {
        long total = bytes(List.of(modelWeights.embedding(), modelWeights.finalNorm(), modelWeights.lmHead()));
        for (LayerWeights layer : modelWeights.layers()) {
            total += bytes(layer.tensors());
        }
        send(TABLE, weights.embeddingShare());
        long sent = bytes(List.of(modelWeights.embedding()));
        loading.loaded(sent, total);
        for (int layer = 0; layer < caches.size(); layer++) {
            send(owner(layer), weights.layerShares().get(layer));
            sent += bytes(modelWeights.layers().get(layer).tensors());
            loading.loaded(sent, total);
        }
        send(HEAD, weights.headShare());
        loading.loaded(total, total);
    }

    private void send(String owner, HostStaging.Share share) {
        share.fill();
        plan.run(owner);
    }

    private static long bytes(List<TensorView> tensors) {
        return tensors.stream().mapToLong(tensor -> tensor.data().byteSize()).sum();
    }

    /** Bytes of all arrays on the device. */
    long deviceBytes() {
        return plan.arrays().stream()
                .mapToLong(TornadoNativeArray::getNumBytesOfSegment)
                .sum();
    }

    DeviceBuffers buffers() {
        return buffers;
    }

    /** Tokens that go through the layers together. */
    int chunk() {
        return options.prefillChunk();
    }

    private List<Spec> specs() {
        List<Spec> specs = new ArrayList<>();
        specs.add(Spec.root(INPUT, List.of(buffers.tokens()), this::addInput));
        List<Object> all = buffers.arrays();
        specs.add(Spec.of(BUFFERS, INPUT, List.of(buffers.tokens()), all, this::addBuffers));
        List<Object> table = List.of(weights.embedding().values());
        specs.add(Spec.of(TABLE, BUFFERS, all, table, graph -> own(graph, table)));
        List<Object> withTable = new ArrayList<>(all);
        withTable.addAll(table);
        specs.add(Spec.of(EMBED, TABLE, withTable, List.of(), graph -> addEmbedding(graph, true)));
        specs.add(Spec.of(EMBED_PREFILL, TABLE, withTable, List.of(), graph -> addEmbedding(graph, false)));
        for (int layer = 0; layer < caches.size(); layer++) {
            addLayer(specs, layer, all);
        }
        List<Object> head = List.of(weights.finalNorm(), weights.lmHead().values());
        specs.add(Spec.of(HEAD, BUFFERS, all, head, graph -> own(graph, head)));
        List<Object> withHead = new ArrayList<>(all);
        withHead.addAll(head);
        specs.add(Spec.of(LOGITS, HEAD, withHead, List.of(), graph -> {
            new LogitsGraph(config, buffers).add(graph, weights);
            graph.taskGraph().transferToHost(DataTransferMode.EVERY_EXECUTION, buffers.lastRow(), buffers.logits());
        }));
        List<Object> parts = List.of(largest, largestTokens, greedyToken);
        specs.add(Spec.of(GREEDY, HEAD, withHead, parts, graph -> {
            graph.taskGraph().transferToDevice(DataTransferMode.FIRST_EXECUTION, parts.toArray());
            new LogitsGraph(config, buffers).add(graph, weights);
            Argmax.addTo(graph, "argmax", buffers.logits(), largest, largestTokens, greedyToken, config.vocabSize());
            graph.taskGraph().transferToHost(DataTransferMode.EVERY_EXECUTION, buffers.lastRow(), greedyToken);
        }));
        specs.add(Spec.of(FETCH, BUFFERS, all, List.of(), graph -> {
            Residency.addTo(graph, "touch", List.of(buffers.logits()));
            graph.taskGraph().transferToHost(DataTransferMode.EVERY_EXECUTION, buffers.logits());
        }));
        specs.add(Spec.of(OBSERVE, BUFFERS, all, List.of(), graph -> {
            Residency.addTo(graph, "touch", List.of(buffers.hidden(), buffers.selectedBlocks()));
            graph.taskGraph()
                    .transferToHost(DataTransferMode.EVERY_EXECUTION, buffers.hidden(), buffers.selectedBlocks());
        }));
        return specs;
    }

    private void addInput(KernelGraph graph) {
        graph.taskGraph().transferToDevice(DataTransferMode.EVERY_EXECUTION, buffers.step(), buffers.tokens());
        Residency.addTo(graph, "touch", List.of(buffers.step(), buffers.tokens()));
    }

    private void addBuffers(KernelGraph graph) {
        List<Object> arrays = new ArrayList<>(buffers.arrays());
        arrays.remove(buffers.tokens());
        own(graph, arrays);
    }

    /** Makes the graph the owner of arrays: they go to the device with its first run, which computes nothing. */
    private static void own(KernelGraph graph, List<?> arrays) {
        graph.taskGraph().transferToDevice(DataTransferMode.FIRST_EXECUTION, arrays.toArray());
        Residency.addTo(graph, "touch", arrays);
    }

    /** The graphs of a layer: one that owns its weights and caches, and those that compute with them. */
    private void addLayer(List<Spec> specs, int index, List<Object> all) {
        DeviceLayer layer = weights.layers().get(index);
        DeviceCache cache = caches.get(index);
        List<Object> own = new ArrayList<>(layer.arrays());
        own.addAll(cache.arrays());
        List<Object> shared = new ArrayList<>(all);
        shared.addAll(own);
        String owner = owner(index);
        String layerKind = layerKind(layer);
        specs.add(Spec.of(owner, layerKind, BUFFERS, all, own, graph -> own(graph, own)));
        List<Call> calls = switch (layer) {
            case DeviceLayer.Sparse _ -> List.of(Call.values());
            case DeviceLayer.Lightning _ -> List.of(Call.DECODE_DENSE, Call.PREFILL_DENSE);
        };
        for (Call call : calls) {
            specs.add(Spec.of(
                    name(call, index),
                    call.prefix + layerKind,
                    owner,
                    shared,
                    List.of(),
                    graph -> addCall(graph, index, call)));
        }
        addCacheAccess(specs, index, layerKind, owner, shared);
    }

    private static String layerKind(DeviceLayer layer) {
        return switch (layer) {
            case DeviceLayer.Sparse _ -> "SparseLayer";
            case DeviceLayer.Lightning _ -> "LightningLayer";
        };
    }

    private void addCall(KernelGraph graph, int index, Call call) {
        switch (weights.layers().get(index)) {
            case DeviceLayer.Sparse layer ->
                new SparseLayerGraph(config, buffers, shapes)
                        .add(graph, layer, (DeviceCache.Kv) caches.get(index), call);
            case DeviceLayer.Lightning layer ->
                new LightningLayerGraph(config, buffers, options)
                        .add(graph, layer, (DeviceCache.State) caches.get(index), call.isDecode());
        }
    }

    /** Embeds the tokens and computes the angles of their positions. */
    private void addEmbedding(KernelGraph graph, boolean decode) {
        new Projections(graph, buffers, decode)
                .embed("embed", weights.embedding(), buffers.hidden(), (float) config.embeddingScale());
        addAngles(
                graph,
                "lightningAngles",
                buffers.lightningRope(),
                config.lightning().headDim(),
                decode);
        if (config.sparseUseRope()) {
            addAngles(graph, "sparseAngles", buffers.sparseRope(), config.headDim(), decode);
        }
    }

    private void addAngles(KernelGraph graph, String task, RopeAngles angles, int headDim, boolean decode) {
        RopeTable.addTo(
                graph,
                task,
                buffers.step(),
                angles.inverseFrequencies(),
                angles.cosines(),
                angles.sines(),
                decode ? 1 : chunk(),
                headDim);
    }

    private void addCacheAccess(List<Spec> specs, int index, String layerKind, String owner, List<Object> shared) {
        DeviceCache cache = caches.get(index);
        List<Object> own = switch (cache) {
            case DeviceCache.State _ -> List.of(stagedState);
            case DeviceCache.Kv _ -> List.of(stagedKeys, stagedValues);
        };
        specs.add(Spec.of("read" + index, "read" + layerKind, owner, shared, own, graph -> {
            graph.taskGraph().transferToDevice(DataTransferMode.FIRST_EXECUTION, own.toArray());
            switch (cache) {
                case DeviceCache.State state -> StateCopy.addTo(graph, "copy", state.state(), stagedState);
                case DeviceCache.Kv kv -> new CacheTasks(graph, buffers, shapes).read(kv, stagedKeys, stagedValues);
            }
            graph.taskGraph().transferToHost(DataTransferMode.EVERY_EXECUTION, own.toArray());
        }));
        specs.add(Spec.of("write" + index, "write" + layerKind, owner, shared, own, graph -> {
            graph.taskGraph().transferToDevice(DataTransferMode.EVERY_EXECUTION, own.toArray());
            switch (cache) {
                case DeviceCache.State state -> StateCopy.addTo(graph, "copy", stagedState, state.state());
                case DeviceCache.Kv kv -> {
                    CacheTasks tasks = new CacheTasks(graph, buffers, shapes);
                    tasks.append(kv, stagedKeys, stagedValues, chunk());
                    tasks.compress(kv, chunk());
                }
            }
        }));
    }

    private static String owner(int layer) {
        return "layer" + layer;
    }

    private static String name(Call call, int layer) {
        return call.prefix + layer;
    }

    /** Sends the tokens of a call to the device. */
    void begin(int position, int[] tokens, int from, int count) {
        for (int i = 0; i < count; i++) {
            buffers.tokens().set(i, tokens[from + i]);
        }
        setStep(position, count);
    }

    /** Makes {@code count} tokens from {@code position} on those of the next graphs. */
    void setStep(int position, int count) {
        Step.set(buffers.step(), position, count);
        plan.run(INPUT);
    }

    /** Embeds the call's tokens. */
    void runEmbedding(Call call) {
        plan.run(call.isDecode() ? EMBED : EMBED_PREFILL);
    }

    boolean isSparseLayer(int layer) {
        return weights.layers().get(layer) instanceof DeviceLayer.Sparse;
    }

    /** Blocks that a token of the call selected in the layer observed last, ascending. */
    int[] selectedBlocks(int row, int kvHead) {
        int maxSelected = BlockRank.maxSelected(shapes.rule());
        int from = (row * config.numKvHeads() + kvHead) * maxSelected;
        return IntStream.range(from, from + maxSelected)
                .map(buffers.selectedBlocks()::get)
                .takeWhile(block -> block >= 0)
                .toArray();
    }

    /** Takes the call's tokens through a layer. */
    void runLayer(int layer, Call call) {
        Call known = weights.layers().get(layer) instanceof DeviceLayer.Lightning ? call.inLightning() : call;
        plan.run(name(known, layer));
    }

    /** Computes logits and final norm of the call's last token; {@link DeviceBuffers} then holds them on the host. */
    void runLogits() {
        plan.run(LOGITS);
    }

    /**
     * Computes the logits of the call's last token, which stay on the device, and picks the largest.
     *
     * @return its token; {@link GreedyDecoder#NOT_A_NUMBER} if what the head is applied to is not finite
     */
    int runGreedy() {
        plan.run(GREEDY);
        for (int i = 0; i < config.hiddenSize(); i++) {
            if (!Float.isFinite(buffers.lastRow().get(i))) {
                return GreedyDecoder.NOT_A_NUMBER;
            }
        }
        return greedyToken.get(0);
    }

    /** Brings the logits computed last to the host. */
    void fetchLogits() {
        plan.run(FETCH);
    }

    /** Copies the logits that the host has. */
    void copyLogits(float[] target) {
        MemorySegment.copy(
                buffers.logits().getSegment(), ValueLayout.JAVA_FLOAT_UNALIGNED, 0, target, 0, target.length);
    }

    /** Brings residual stream and block choices of the call to the host. */
    void observe() {
        plan.run(OBSERVE);
    }

    /** Zeroes the states of all lightning layers. */
    void clearStates() {
        for (int layer = 0; layer < caches.size(); layer++) {
            if (caches.get(layer) instanceof DeviceCache.State state) {
                writeState(layer, new double[state.state().getSize()]);
            }
        }
    }

    /** Copies the state of a lightning layer out. */
    void readState(int layer, double[] target) {
        plan.run("read" + layer);
        for (int i = 0; i < target.length; i++) {
            target[i] = stagedState.get(i);
        }
    }

    /** Replaces the state of a lightning layer. */
    void writeState(int layer, double[] source) {
        for (int i = 0; i < source.length; i++) {
            stagedState.set(i, (float) source[i]);
        }
        plan.run("write" + layer);
    }

    /** Copies tokens of a sparse layer out, {@code [count, numKvHeads, headDim]}. */
    void readKv(int layer, int position, int count, double[] keys, double[] values) {
        int width = config.kvWidth();
        for (int from = 0; from < count; from += chunk()) {
            int piece = Math.min(chunk(), count - from);
            setStep(position + from, piece);
            plan.run("read" + layer);
            for (int i = 0; i < piece * width; i++) {
                keys[from * width + i] = stagedKeys.get(i);
                values[from * width + i] = stagedValues.get(i);
            }
        }
    }

    /** Adds tokens to a sparse layer at {@code position}. */
    void appendKv(int layer, int position, int count, double[] keys, double[] values) {
        int width = config.kvWidth();
        for (int from = 0; from < count; from += chunk()) {
            int piece = Math.min(chunk(), count - from);
            for (int i = 0; i < piece * width; i++) {
                stagedKeys.set(i, (float) keys[from * width + i]);
                stagedValues.set(i, (float) values[from * width + i]);
            }
            setStep(position + from, piece);
            plan.run("write" + layer);
        }
    }

    /** Caches of the session that is on the device, copied to the host. */
    HostCaches read(TornadoSession session) {
        List<HostCaches.Layer> layers = new ArrayList<>();
        for (int layer = 0; layer < caches.size(); layer++) {
            layers.add(
                    switch (caches.get(layer)) {
                        case DeviceCache.State state -> {
                            double[] values = new double[state.state().getSize()];
                            readState(layer, values);
                            yield new HostCaches.State(values);
                        }
                        case DeviceCache.Kv _ -> {
                            int tokens = session.cachedTokens(layer);
                            int size = Math.multiplyExact(tokens, config.kvWidth());
                            double[] keys = new double[size];
                            double[] values = new double[size];
                            readKv(layer, 0, tokens, keys, values);
                            yield new HostCaches.Kv(tokens, keys, values);
                        }
                    });
        }
        return new HostCaches(layers);
    }

    /** Replaces the caches on the device; without any, by those of an empty session. */
    void write(Optional<HostCaches> hostCaches) {
        clearStates();
        hostCaches.ifPresent(host -> {
            for (int layer = 0; layer < caches.size(); layer++) {
                switch (host.layers().get(layer)) {
                    case HostCaches.State state -> writeState(layer, state.values());
                    case HostCaches.Kv kv -> appendKv(layer, 0, kv.tokens(), kv.keys(), kv.values());
                }
            }
        });
    }

    @Override
    public void close() {
        plan.close();
    }
}
