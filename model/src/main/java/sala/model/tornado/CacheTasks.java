package sala.model.tornado;

import java.util.Optional;
import sala.kernels.KernelGraph;
import sala.kernels.attention.DenseAttentionF16;
import sala.kernels.attention.DenseAttentionF32;
import sala.kernels.attention.QueryOperands;
import sala.kernels.attention.TensorDecodeAttention;
import sala.kernels.attention.TensorDecodeScratch;
import sala.kernels.attention.TensorDenseAttention;
import sala.kernels.attention.TensorDenseScratch;
import sala.kernels.cache.KeyCompressionF16;
import sala.kernels.cache.KeyCompressionF32;
import sala.kernels.cache.KvAppendF16;
import sala.kernels.cache.KvAppendF32;
import sala.kernels.cache.KvReadF16;
import sala.kernels.cache.KvReadF32;
import sala.kernels.selection.BlockRank;
import sala.kernels.selection.DecodeSelectionF16;
import sala.kernels.selection.DecodeSelectionF32;
import sala.kernels.selection.PrefillSelectionF16;
import sala.kernels.selection.PrefillSelectionF32;
import sala.kernels.selection.TensorDecodeSelection;
import sala.kernels.selection.TensorPrefillSelection;
import sala.kernels.selection.TensorSelectionScratch;
import sala.kernels.sparse.SparseAttentionF16;
import sala.kernels.sparse.SparseAttentionF32;
import sala.kernels.sparse.TensorAttentionScratch;
import sala.kernels.sparse.TensorSparseAttention;
import sala.model.tornado.DeviceCache.DeviceKeys;
import sala.model.tornado.DeviceCache.DeviceKeys.F16;
import sala.model.tornado.DeviceCache.DeviceKeys.F32;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/** The tasks of a sparse layer that touch its caches, by the caches' storage type. */
record CacheTasks(KernelGraph graph, DeviceBuffers buffers, Shapes shapes) {
    private record Two(DeviceKeys first, DeviceKeys second) {}

    private record Three(DeviceKeys first, DeviceKeys second, DeviceKeys third) {}

    void append(DeviceCache.Kv cache, FloatArray k, FloatArray v, int tokens) {
        switch (new Two(cache.keys(), cache.values())) {
            case Two(F32 keys, F32 values) ->
                KvAppendF32.addTo(
                        graph,
                        graph.scoped("append"),
                        k,
                        v,
                        keys.values(),
                        values.values(),
                        buffers.step(),
                        shapes.layout(),
                        tokens);
            case Two(F16 keys, F16 values) ->
                KvAppendF16.addTo(
                        graph,
                        graph.scoped("append"),
                        k,
                        v,
                        keys.values(),
                        values.values(),
                        buffers.step(),
                        shapes.layout(),
                        tokens);
            case Two other -> throw mixed(other);
        }
    }

    void read(DeviceCache.Kv cache, FloatArray k, FloatArray v) {
        int tokens = buffers.tokenCapacity();
        switch (new Two(cache.keys(), cache.values())) {
            case Two(F32 keys, F32 values) ->
                KvReadF32.addTo(
                        graph,
                        graph.scoped("read"),
                        keys.values(),
                        values.values(),
                        k,
                        v,
                        buffers.step(),
                        shapes.layout(),
                        tokens);
            case Two(F16 keys, F16 values) ->
                KvReadF16.addTo(
                        graph,
                        graph.scoped("read"),
                        keys.values(),
                        values.values(),
                        k,
                        v,
                        buffers.step(),
                        shapes.layout(),
                        tokens);
            case Two other -> throw mixed(other);
        }
    }

    void compress(DeviceCache.Kv cache, int tokens) {
        switch (new Three(cache.keys(), cache.fineKeys(), cache.coarseKeys())) {
            case Three(F32 keys, F32 fine, F32 coarse) ->
                KeyCompressionF32.addTo(
                        graph,
                        graph.scoped("compress"),
                        keys.values(),
                        fine.values(),
                        coarse.values(),
                        buffers.step(),
                        shapes.layout(),
                        shapes.rule(),
                        tokens);
            case Three(F16 keys, F16 fine, F16 coarse) ->
                KeyCompressionF16.addTo(
                        graph,
                        graph.scoped("compress"),
                        keys.values(),
                        fine.values(),
                        coarse.values(),
                        buffers.step(),
                        shapes.layout(),
                        shapes.rule(),
                        tokens);
            case Three other -> throw mixed(other);
        }
    }

    /** The token's queries for block selection and attention on tensor cores, where they are on tensor cores. */
    void splitQueries() {
        buffers.queryOperands().ifPresent(queries -> queries.addTo(graph, graph.scoped("queries"), shapes.attention()));
    }

    void select(DeviceCache.Kv cache, boolean decode) {
        DeviceBuffers b = buffers;
        Optional<QueryOperands> queries = b.queryOperands();
        Optional<TensorSelectionScratch> scratch = b.tensor().flatMap(TensorBuffers::selection);
        switch (new Two(cache.fineKeys(), cache.coarseKeys())) {
            case Two(F32 fine, F32 coarse) -> {
                if (decode) {
                    DecodeSelectionF32.addTo(
                            graph,
                            graph.scoped("select"),
                            b.q(),
                            fine.values(),
                            coarse.values(),
                            b.decodeSelection(),
                            b.selectedBlocks(),
                            b.step(),
                            shapes.attention(),
                            shapes.layout(),
                            shapes.rule());
                } else {
                    PrefillSelectionF32.addTo(
                            graph,
                            graph.scoped("select"),
                            b.q(),
                            fine.values(),
                            coarse.values(),
                            b.prefillRanks(),
                            b.selectedBlocks(),
                            b.step(),
                            shapes.attention(),
                            shapes.layout(),
                            shapes.rule(),
                            b.tokenCapacity(),
                            b.selectionGroups());
                }
            }
            case Two(F16 fine, F16 coarse) -> {
                if (decode && scratch.isPresent() && queries.isPresent()) {
                    TensorDecodeSelection.addTo(
                            graph,
                            graph.scoped("select"),
                            queries.get(),
                            fine.values(),
                            coarse.values(),
                            b.decodeSelection(),
                            scratch.get(),
                            b.selectedBlocks(),
                            b.step(),
                            shapes.attention(),
                            shapes.layout(),
                            shapes.rule());
                } else if (decode) {
                    DecodeSelectionF16.addTo(
                            graph,
                            graph.scoped("select"),
                            b.q(),
                            fine.values(),
                            coarse.values(),
                            b.decodeSelection(),
                            b.selectedBlocks(),
                            b.step(),
                            shapes.attention(),
                            shapes.layout(),
                            shapes.rule());
                } else if (scratch.isPresent()) {
                    TensorPrefillSelection.addTo(
                            graph,
                            graph.scoped("select"),
                            b.q(),
                            fine.values(),
                            coarse.values(),
                            scratch.get(),
                            b.selectedBlocks(),
                            b.step(),
                            shapes.attention(),
                            shapes.layout(),
                            shapes.rule(),
                            b.tokenCapacity());
                } else {
                    PrefillSelectionF16.addTo(
                            graph,
                            graph.scoped("select"),
                            b.q(),
                            fine.values(),
                            coarse.values(),
                            b.prefillRanks(),
                            b.selectedBlocks(),
                            b.step(),
                            shapes.attention(),
                            shapes.layout(),
                            shapes.rule(),
                            b.tokenCapacity(),
                            b.selectionGroups());
                }
            }
            case Two other -> throw mixed(other);
        }
    }

    void attendSelected(DeviceCache.Kv cache, boolean decode) {
        DeviceBuffers b = buffers;
        int blockSize = shapes.rule().blockSize();
        int maxSelected = BlockRank.maxSelected(shapes.rule());
        Optional<TensorAttentionScratch> scratch = b.tensor().flatMap(TensorBuffers::attention);
        Optional<QueryOperands> queries = b.queryOperands();
        Optional<TensorDecodeScratch> decodeScratch =
                b.tensor().flatMap(TensorBuffers::decode).map(TensorBuffers.Decode::sparse);
        switch (new Two(cache.keys(), cache.values())) {
            case Two(F32 keys, F32 values) -> {
                if (decode) {
                    SparseAttentionF32.addSplitTo(
                            graph,
                            graph.scoped("attention"),
                            b.q(),
                            keys.values(),
                            values.values(),
                            b.selectedBlocks(),
                            b.partials(),
                            b.attended(),
                            b.step(),
                            shapes.attention(),
                            shapes.layout(),
                            blockSize,
                            maxSelected,
                            1);
                } else {
                    SparseAttentionF32.addTo(
                            graph,
                            graph.scoped("attention"),
                            b.q(),
                            keys.values(),
                            values.values(),
                            b.selectedBlocks(),
                            b.attended(),
                            b.step(),
                            shapes.attention(),
                            shapes.layout(),
                            blockSize,
                            maxSelected,
                            b.tokenCapacity());
                }
            }
            case Two(F16 keys, F16 values) -> {
                if (decode && decodeScratch.isPresent() && queries.isPresent()) {
                    TensorDecodeAttention.addSparseTo(
                            graph,
                            graph.scoped("attention"),
                            queries.get(),
                            keys.values(),
                            values.values(),
                            b.selectedBlocks(),
                            decodeScratch.get(),
                            b.attended(),
                            b.step(),
                            shapes.attention(),
                            shapes.layout(),
                            blockSize,
                            maxSelected);
                } else if (decode) {
                    SparseAttentionF16.addSplitTo(
                            graph,
                            graph.scoped("attention"),
                            b.q(),
                            keys.values(),
                            values.values(),
                            b.selectedBlocks(),
                            b.partials(),
                            b.attended(),
                            b.step(),
                            shapes.attention(),
                            shapes.layout(),
                            blockSize,
                            maxSelected,
                            1);
                } else if (scratch.isPresent()) {
                    TensorSparseAttention.addTo(
                            graph,
                            graph.scoped("attention"),
                            b.q(),
                            keys.values(),
                            values.values(),
                            b.selectedBlocks(),
                            b.attended(),
                            scratch.get(),
                            b.step(),
                            shapes.attention(),
                            shapes.layout(),
                            blockSize,
                            maxSelected,
                            b.tokenCapacity());
                } else {
                    SparseAttentionF16.addTo(
                            graph,
                            graph.scoped("attention"),
                            b.q(),
                            keys.values(),
                            values.values(),
                            b.selectedBlocks(),
                            b.attended(),
                            b.step(),
                            shapes.attention(),
                            shapes.layout(),
                            blockSize,
                            maxSelected,
                            b.tokenCapacity());
                }
            }
            case Two other -> throw mixed(other);
        }
    }

    void attendAll(DeviceCache.Kv cache, boolean decode) {
        DeviceBuffers b = buffers;
        Optional<TensorDenseScratch> scratch = b.tensor().flatMap(TensorBuffers::denseAttention);
        Optional<QueryOperands> queries = b.queryOperands();
        Optional<TensorDecodeScratch> decodeScratch =
                b.tensor().flatMap(TensorBuffers::decode).map(TensorBuffers.Decode::dense);
        switch (new Two(cache.keys(), cache.values())) {
            case Two(F32 keys, F32 values) -> {
                if (decode) {
                    DenseAttentionF32.addSplitTo(
                            graph,
                            graph.scoped("attention"),
                            b.q(),
                            keys.values(),
                            values.values(),
                            b.partials(),
                            b.attended(),
                            b.step(),
                            shapes.attention(),
                            shapes.layout(),
                            1);
                } else {
                    DenseAttentionF32.addTo(
                            graph,
                            graph.scoped("attention"),
                            b.q(),
                            keys.values(),
                            values.values(),
                            b.attended(),
                            b.step(),
                            shapes.attention(),
                            shapes.layout(),
                            b.tokenCapacity());
                }
            }
            case Two(F16 keys, F16 values) -> {
                if (decode && decodeScratch.isPresent() && queries.isPresent()) {
                    TensorDecodeAttention.addTo(
                            graph,
                            graph.scoped("attention"),
                            queries.get(),
                            keys.values(),
                            values.values(),
                            decodeScratch.get(),
                            b.attended(),
                            b.step(),
                            shapes.attention(),
                            shapes.layout());
                } else if (decode) {
                    DenseAttentionF16.addSplitTo(
                            graph,
                            graph.scoped("attention"),
                            b.q(),
                            keys.values(),
                            values.values(),
                            b.partials(),
                            b.attended(),
                            b.step(),
                            shapes.attention(),
                            shapes.layout(),
                            1);
                } else if (scratch.isPresent()) {
                    TensorDenseAttention.addTo(
                            graph,
                            graph.scoped("attention"),
                            b.q(),
                            keys.values(),
                            values.values(),
                            b.attended(),
                            scratch.get(),
                            b.step(),
                            shapes.attention(),
                            shapes.layout(),
                            b.tokenCapacity());
                } else {
                    DenseAttentionF16.addTo(
                            graph,
                            graph.scoped("attention"),
                            b.q(),
                            keys.values(),
                            values.values(),
                            b.attended(),
                            b.step(),
                            shapes.attention(),
                            shapes.layout(),
                            b.tokenCapacity());
                }
            }
            case Two other -> throw mixed(other);
        }
    }

    private static IllegalArgumentException mixed(Record caches) {
        return new IllegalArgumentException("caches of several storage types: " + caches);
    }
}
