package sala.model.tornado;

import java.util.Optional;
import sala.kernels.KernelGraph;
import sala.kernels.embedding.EmbeddingBf16;
import sala.kernels.embedding.EmbeddingF16;
import sala.kernels.embedding.EmbeddingF32;
import sala.kernels.matmul.MatMulF16;
import sala.kernels.matmul.MatMulF32;
import sala.kernels.matmul.MatMulPackedBf16;
import sala.kernels.matmul.MatMulSwiGluF16;
import sala.kernels.matmul.MatMulSwiGluF32;
import sala.kernels.matmul.MatMulSwiGluPackedBf16;
import sala.kernels.matvec.MatVecF16;
import sala.kernels.matvec.MatVecF32;
import sala.kernels.matvec.MatVecPackedBf16;
import sala.kernels.matvec.MatVecQkvF16;
import sala.kernels.matvec.MatVecQkvF32;
import sala.kernels.matvec.MatVecQkvPackedBf16;
import sala.kernels.matvec.MatVecResidualF16;
import sala.kernels.matvec.MatVecResidualF32;
import sala.kernels.matvec.MatVecResidualPackedBf16;
import sala.kernels.matvec.MatVecSwiGluF16;
import sala.kernels.matvec.MatVecSwiGluF32;
import sala.kernels.matvec.MatVecSwiGluPackedBf16;
import sala.model.tornado.DeviceMatrix.F16;
import sala.model.tornado.DeviceMatrix.F32;
import sala.model.tornado.DeviceMatrix.PackedBf16;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * The products of a layer with its weight matrices, for one token (matrix-vector) or for a chunk (matrix-matrix), by the
 * storage type of the weights. Those of a chunk are {@link TensorProjections} where the device has tensor cores.
 *
 * @param graph to add to
 * @param buffers the step, and how many tokens a call may have
 * @param decode whether calls have one token
 */
record Projections(KernelGraph graph, DeviceBuffers buffers, boolean decode) {
    private int capacity() {
        return buffers.tokenCapacity();
    }

    private Optional<TensorProjections> onTensorCores() {
        return decode
                ? Optional.empty()
                : buffers.tensor().map(columns -> new TensorProjections(graph, buffers, columns));
    }

    /** {@code out[0] = scale weights x[0]}, of the first row alone. */
    void head(String task, FloatArray x, DeviceMatrix weights, FloatArray out, float scale) {
        int rows = weights.rows();
        int columns = weights.columns();
        switch (weights) {
            case F32 matrix -> MatVecF32.addTo(graph, task, x, matrix.values(), out, rows, columns, scale);
            case F16 matrix -> MatVecF16.addTo(graph, task, x, matrix.values(), out, rows, columns, scale);
            case PackedBf16 matrix ->
                MatVecPackedBf16.addTo(graph, task, x, matrix.values(), out, rows, columns, scale);
        }
    }

    /** {@code hidden = scale} times the rows of the embedding that the tokens name. */
    void embed(String task, DeviceTable embedding, FloatArray hidden, float scale) {
        int rows = embedding.rows();
        int columns = embedding.columns();
        int tokens = decode ? 1 : capacity();
        switch (embedding) {
            case DeviceTable.F32 matrix ->
                EmbeddingF32.addTo(
                        graph,
                        task,
                        buffers.step(),
                        buffers.tokens(),
                        matrix.values(),
                        hidden,
                        tokens,
                        rows,
                        columns,
                        scale);
            case DeviceTable.F16 matrix ->
                EmbeddingF16.addTo(
                        graph,
                        task,
                        buffers.step(),
                        buffers.tokens(),
                        matrix.values(),
                        hidden,
                        tokens,
                        rows,
                        columns,
                        scale);
            case DeviceTable.Bf16 matrix ->
                EmbeddingBf16.addTo(
                        graph,
                        task,
                        buffers.step(),
                        buffers.tokens(),
                        matrix.values(),
                        hidden,
                        tokens,
                        rows,
                        columns,
                        scale);
        }
    }

    /** {@code q, k, v} of the normalised hidden state; of one token also what the gate is the sigmoid of, where there is one. */
    void qkv(String task, DeviceLayer layer, FloatArray normed, FloatArray q, FloatArray k, FloatArray v) {
        Optional<TensorProjections> tensor = onTensorCores();
        if (tensor.isPresent()) {
            tensor.get().qkv(task, layer, normed, q, k, v);
        } else if (!decode) {
            product(task + "Query", normed, layer.qProj(), q);
            product(task + "Key", normed, layer.kProj(), k);
            product(task + "Value", normed, layer.vProj(), v);
        } else {
            qkvOfOne(task, layer, normed, q, k, v);
        }
    }

    private void qkvOfOne(String task, DeviceLayer layer, FloatArray normed, FloatArray q, FloatArray k, FloatArray v) {
        int qSize = layer.qProj().rows();
        int kvSize = layer.kProj().rows();
        int gateSize = layer.gateProj().map(DeviceMatrix::rows).orElse(0);
        int inputSize = layer.qProj().columns();
        DeviceMatrix gateProj = layer.gateProj().orElse(layer.vProj());
        switch (new Four(layer.qProj(), layer.kProj(), layer.vProj(), gateProj)) {
            case Four(F32 query, F32 key, F32 value, F32 gate) ->
                MatVecQkvF32.addTo(
                        graph,
                        task,
                        normed,
                        query.values(),
                        key.values(),
                        value.values(),
                        gate.values(),
                        q,
                        k,
                        v,
                        buffers.gate(),
                        qSize,
                        kvSize,
                        gateSize,
                        inputSize);
            case Four(F16 query, F16 key, F16 value, F16 gate) ->
                MatVecQkvF16.addTo(
                        graph,
                        task,
                        normed,
                        query.values(),
                        key.values(),
                        value.values(),
                        gate.values(),
                        q,
                        k,
                        v,
                        buffers.gate(),
                        qSize,
                        kvSize,
                        gateSize,
                        inputSize);
            case Four(PackedBf16 query, PackedBf16 key, PackedBf16 value, PackedBf16 gate) ->
                MatVecQkvPackedBf16.addTo(
                        graph,
                        task,
                        normed,
                        query.values(),
                        key.values(),
                        value.values(),
                        gate.values(),
                        q,
                        k,
                        v,
                        buffers.gate(),
                        qSize,
                        kvSize,
                        gateSize,
                        inputSize);
            case Four other ->
                throw new IllegalArgumentException(task + ": matrices of several storage types " + other);
        }
    }

    private record Two(DeviceMatrix first, DeviceMatrix second) {}

    private record Four(DeviceMatrix first, DeviceMatrix second, DeviceMatrix third, DeviceMatrix fourth) {}

    private void product(String task, FloatArray x, DeviceMatrix weights, FloatArray out) {
        int rows = weights.rows();
        int columns = weights.columns();
        switch (weights) {
            case F32 matrix ->
                MatMulF32.addTo(graph, task, x, matrix.values(), out, buffers.step(), capacity(), rows, columns);
            case F16 matrix ->
                MatMulF16.addTo(graph, task, x, matrix.values(), out, buffers.step(), capacity(), rows, columns);
            case PackedBf16 matrix ->
                MatMulPackedBf16.addTo(graph, task, x, matrix.values(), out, buffers.step(), capacity(), rows, columns);
        }
    }

    /**
     * {@code mixed *= sigmoid(weights normed)} for a chunk, where {@code normed} is what {@link #qkv} of the layer was given. For
     * one token that has computed the product already.
     */
    void gate(String task, FloatArray normed, DeviceMatrix weights, FloatArray mixed) {
        Optional<TensorProjections> tensor = onTensorCores();
        if (tensor.isPresent()) {
            tensor.get().gate(task, weights, mixed);
            return;
        }
        int rows = weights.rows();
        int columns = weights.columns();
        switch (weights) {
            case F32 matrix ->
                MatMulF32.addGateTo(
                        graph, task, normed, matrix.values(), mixed, buffers.step(), capacity(), rows, columns);
            case F16 matrix ->
                MatMulF16.addGateTo(
                        graph, task, normed, matrix.values(), mixed, buffers.step(), capacity(), rows, columns);
            case PackedBf16 matrix ->
                MatMulPackedBf16.addGateTo(
                        graph, task, normed, matrix.values(), mixed, buffers.step(), capacity(), rows, columns);
        }
    }

    /** {@code hidden += residualScale weights x}. */
    void residual(String task, FloatArray x, DeviceMatrix weights, FloatArray hidden, float residualScale) {
        Optional<TensorProjections> tensor = onTensorCores();
        if (tensor.isPresent()) {
            tensor.get().residual(task, x, weights, hidden, residualScale);
            return;
        }
        int rows = weights.rows();
        int columns = weights.columns();
        if (decode) {
            switch (weights) {
                case F32 matrix ->
                    MatVecResidualF32.addTo(graph, task, x, matrix.values(), hidden, rows, columns, residualScale);
                case F16 matrix ->
                    MatVecResidualF16.addTo(graph, task, x, matrix.values(), hidden, rows, columns, residualScale);
                case PackedBf16 matrix ->
                    MatVecResidualPackedBf16.addTo(
                            graph, task, x, matrix.values(), hidden, rows, columns, residualScale);
            }
            return;
        }
        switch (weights) {
            case F32 matrix ->
                MatMulF32.addResidualTo(
                        graph,
                        task,
                        x,
                        matrix.values(),
                        hidden,
                        buffers.step(),
                        capacity(),
                        rows,
                        columns,
                        residualScale);
            case F16 matrix ->
                MatMulF16.addResidualTo(
                        graph,
                        task,
                        x,
                        matrix.values(),
                        hidden,
                        buffers.step(),
                        capacity(),
                        rows,
                        columns,
                        residualScale);
            case PackedBf16 matrix ->
                MatMulPackedBf16.addResidualTo(
                        graph,
                        task,
                        x,
                        matrix.values(),
                        hidden,
                        buffers.step(),
                        capacity(),
                        rows,
                        columns,
                        residualScale);
        }
    }

    /** {@code hidden += residualScale downProj activated}, {@code activated = silu(gateProj x) upProj x}. */
    void mlp(FloatArray x, DeviceLayer.Mlp mlp, FloatArray activated, FloatArray hidden, float residualScale) {
        Optional<TensorProjections> tensor = onTensorCores();
        if (tensor.isPresent()) {
            tensor.get().mlp(x, mlp, hidden, residualScale);
            return;
        }
        swiGlu(graph.scoped("swiGlu"), x, mlp, activated);
        residual(graph.scoped("down"), activated, mlp.downProj(), hidden, residualScale);
    }

    private void swiGlu(String task, FloatArray x, DeviceLayer.Mlp mlp, FloatArray out) {
        int rows = mlp.gateProj().rows();
        int columns = mlp.gateProj().columns();
        switch (new Two(mlp.gateProj(), mlp.upProj())) {
            case Two(F32 gate, F32 up) -> {
                if (decode) {
                    MatVecSwiGluF32.addTo(graph, task, x, gate.values(), up.values(), out, rows, columns);
                } else {
                    MatMulSwiGluF32.addTo(
                            graph, task, x, gate.values(), up.values(), out, buffers.step(), capacity(), rows, columns);
                }
            }
            case Two(F16 gate, F16 up) -> {
                if (decode) {
                    MatVecSwiGluF16.addTo(graph, task, x, gate.values(), up.values(), out, rows, columns);
                } else {
                    MatMulSwiGluF16.addTo(
                            graph, task, x, gate.values(), up.values(), out, buffers.step(), capacity(), rows, columns);
                }
            }
            case Two(PackedBf16 gate, PackedBf16 up) -> {
                if (decode) {
                    MatVecSwiGluPackedBf16.addTo(graph, task, x, gate.values(), up.values(), out, rows, columns);
                } else {
                    MatMulSwiGluPackedBf16.addTo(
                            graph, task, x, gate.values(), up.values(), out, buffers.step(), capacity(), rows, columns);
                }
            }
            case Two other -> throw new IllegalArgumentException(task + ": matrices of several storage types " + other);
        }
    }
}
