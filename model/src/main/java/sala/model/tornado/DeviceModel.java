package sala.model.tornado;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import sala.kernels.Step;
import sala.kernels.embedding.CallInput;
import sala.kernels.sampling.TokenSampling;
import sala.kernels.selection.BlockRank;
import sala.loader.ModelConfig;
import sala.loader.TensorView;
import sala.model.DevicePass.FirstRuns;
import sala.model.LayerWeights;
import sala.model.LoadListener;
import sala.model.ModelWeights;
import sala.model.TaskProfile;
import sala.model.TokenChoice;
import sala.model.TokenDecoder;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/** The model on the device: weights, the caches of one session, and the {@link DeviceGraphs} that compute with them. */
final class DeviceModel implements AutoCloseable {
    /** What a call does in the layers. */
    enum Call {
        DECODE_DENSE("decode", "Dense"),
        DECODE_SPARSE("decode", "Sparse"),
        PREFILL_DENSE("prefill", "Dense"),
        PREFILL_SPARSE("prefill", "Sparse");

        /** What graphs and tasks are named after. */
        final String verb;

        final String attention;

        Call(String verb, String attention) {
            this.verb = verb;
            this.attention = attention;
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

        /** What tasks in a layer are named after. */
        String in(DeviceLayer layer) {
            return switch (layer) {
                case DeviceLayer.Sparse _ -> verb + attention;
                case DeviceLayer.Lightning _ -> verb + "Lightning";
            };
        }
    }

    private final ModelConfig config;
    private final TornadoOptions options;
    private final DeviceWeights weights;
    private final Shapes shapes;
    private final DeviceBuffers buffers;
    private final List<DeviceCache> caches = new ArrayList<>();
    private final HostArrays host;
    private final DeviceGraphs graphs;
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
        weights = DeviceWeights.of(
                modelWeights,
                options.weightStorage(),
                new HostStaging(),
                (layer, share) -> caches.add(DeviceCache.of(layer, config, shapes, options.cacheStorage(), share)));
        buffers = DeviceBuffers.of(config, shapes, options);
        host = HostArrays.of(config, options.prefillChunk());
        graphs = new DeviceGraphs(config, options, shapes, weights, buffers, caches, host);
        plan = new DevicePlan(device, buffers.step(), graphs.specs());
        try {
            load(modelWeights, loading);
        } catch (RuntimeException | Error e) {
            closeAfter(e);
            throw e;
        }
    }

    /** What went wrong first is what is told; TornadoVM may fail once more in freeing what it never had. */
    private void closeAfter(Throwable cause) {
        try {
            plan.close();
        } catch (RuntimeException | Error e) {
            cause.addSuppressed(e);
        }
    }

    /** Sends one share after the other, since all have the same memory on the host. */
    private void load(ModelWeights modelWeights, LoadListener loading) {
        long total = bytes(List.of(modelWeights.embedding(), modelWeights.finalNorm(), modelWeights.lmHead()));
        for (LayerWeights layer : modelWeights.layers()) {
            total += bytes(layer.tensors());
        }
        send(DeviceGraphs.TABLE, weights.embeddingShare());
        long sent = bytes(List.of(modelWeights.embedding()));
        loading.loaded(sent, total);
        for (int layer = 0; layer < caches.size(); layer++) {
            send(DeviceGraphs.owner(layer), weights.layerShares().get(layer));
            sent += bytes(modelWeights.layers().get(layer).tensors());
            loading.loaded(sent, total);
        }
        send(DeviceGraphs.HEAD, weights.headShare());
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

    /**
     * Describes the next call; its first piece sends it to the device.
     *
     * @param call as for {@link #pieces}
     */
    void begin(Call call, int position, int[] tokens, int from, int count) {
        CallInput.set(host.call(call), position, tokens, from, count);
        Step.set(buffers.step(), position, count); // the plan may send it at any time, to link graphs
    }

    /** Makes {@code count} tokens from {@code position} on those of the next graphs. */
    void setStep(int position, int count) {
        Step.set(buffers.step(), position, count);
        plan.run(DeviceGraphs.STEP);
    }

    /**
     * The graphs that take a call's tokens through embedding and layers, in order.
     *
     * @param stepwise one for the embedding and for each layer, none of them recorded; else as few as can be
     */
    List<DeviceGraphs.Piece> pieces(Call call, boolean stepwise) {
        return graphs.pieces(call, stepwise);
    }

    void run(DeviceGraphs.Piece piece) {
        plan.run(piece.graph());
    }

    boolean isSparseLayer(int layer) {
        return graphs.isSparseLayer(layer);
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

    /**
     * Computes logits and final norm of the call's last token; {@link DeviceBuffers} then holds them on the host.
     *
     * @param stepwise as for {@link #pieces}
     */
    void runLogits(boolean stepwise) {
        plan.run(graphs.logits(stepwise));
    }

    /** Sets how {@link #runDraw} draws. */
    void setChoice(TokenChoice choice, double random) {
        host.setChoice(choice, random);
    }

    /**
     * Computes the logits of the call's last token, which stay on the device, and picks the largest.
     *
     * @param stepwise as for {@link #pieces}
     * @return its token; {@link TokenDecoder#LEFT_OPEN} if what the head is applied to is not finite
     */
    int runGreedy(boolean stepwise) {
        plan.run(graphs.greedy(stepwise));
        return lastRowIsFinite() ? host.sampled().get(TokenSampling.TOKEN) : TokenDecoder.LEFT_OPEN;
    }

    /**
     * Computes the logits of the call's last token, which stay on the device, and draws from them by what
     * {@link #setChoice} set.
     *
     * @param stepwise as for {@link #pieces}
     * @return the token; {@link TokenDecoder#LEFT_OPEN} if logits are not finite or every token is banned
     */
    int runDraw(boolean stepwise) {
        plan.run(graphs.draw(stepwise));
        return lastRowIsFinite() && host.sampled().get(TokenSampling.NUM_CANDIDATES) > 0
                ? host.sampled().get(TokenSampling.TOKEN)
                : TokenDecoder.LEFT_OPEN;
    }

    private boolean lastRowIsFinite() {
        for (int i = 0; i < config.hiddenSize(); i++) {
            if (!Float.isFinite(buffers.lastRow().get(i))) {
                return false;
            }
        }
        return true;
    }

    /** Brings the logits computed last to the host. */
    void fetchLogits() {
        plan.run(DeviceGraphs.FETCH);
    }

    /** Copies the logits that the host has. */
    void copyLogits(float[] target) {
        MemorySegment.copy(
                buffers.logits().getSegment(), ValueLayout.JAVA_FLOAT_UNALIGNED, 0, target, 0, target.length);
    }

    /** Brings residual stream and block choices of the call to the host. */
    void observe() {
        plan.run(DeviceGraphs.OBSERVE);
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
        plan.run(DeviceGraphs.read(layer));
        for (int i = 0; i < target.length; i++) {
            target[i] = host.state().get(i);
        }
    }

    /** Replaces the state of a lightning layer. */
    void writeState(int layer, double[] source) {
        for (int i = 0; i < source.length; i++) {
            host.state().set(i, (float) source[i]);
        }
        plan.run(DeviceGraphs.write(layer));
    }

    /** Copies tokens of a sparse layer out, {@code [count, numKvHeads, headDim]}. */
    void readKv(int layer, int position, int count, double[] keys, double[] values) {
        int width = config.kvWidth();
        for (int from = 0; from < count; from += chunk()) {
            int piece = Math.min(chunk(), count - from);
            setStep(position + from, piece);
            plan.run(DeviceGraphs.read(layer));
            for (int i = 0; i < piece * width; i++) {
                keys[from * width + i] = host.keys().get(i);
                values[from * width + i] = host.values().get(i);
            }
        }
    }

    /** Adds tokens to a sparse layer at {@code position}. */
    void appendKv(int layer, int position, int count, double[] keys, double[] values) {
        int width = config.kvWidth();
        for (int from = 0; from < count; from += chunk()) {
            int piece = Math.min(chunk(), count - from);
            for (int i = 0; i < piece * width; i++) {
                host.keys().set(i, (float) keys[from * width + i]);
                host.values().set(i, (float) values[from * width + i]);
            }
            setStep(position + from, piece);
            plan.run(DeviceGraphs.write(layer));
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
        hostCaches.ifPresent(session -> {
            for (int layer = 0; layer < caches.size(); layer++) {
                switch (session.layers().get(layer)) {
                    case HostCaches.State state -> writeState(layer, state.values());
                    case HostCaches.Kv kv -> appendKv(layer, 0, kv.tokens(), kv.keys(), kv.values());
                }
            }
        });
    }

    FirstRuns firstRuns() {
        return plan.firstRuns();
    }

    /** Runs calls, which must be stepwise, and returns the times of their tasks. */
    TaskProfile profile(Runnable calls) {
        return plan.profile(calls);
    }

    @Override
    public void close() {
        plan.close();
    }
}
