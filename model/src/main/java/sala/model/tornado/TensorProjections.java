package sala.model.tornado;

import sala.kernels.KernelGraph;
import sala.kernels.matmul.AsyncTensorMatMulF16;
import sala.kernels.matmul.ColumnsToTokens;
import sala.kernels.matmul.PackedTensorMatMulBf16;
import sala.kernels.matmul.SwiGluColumns;
import sala.kernels.matmul.TensorMatMulF16;
import sala.kernels.matmul.TokensToColumnsF16;
import sala.kernels.matmul.TokensToColumnsPackedBf16;
import sala.model.tornado.TensorBuffers.Columns;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * The products of a layer with its weight matrices for a chunk of tokens, on tensor cores. A column is a token; what goes
 * into a product is rounded to the type of the weights, what comes out is f32.
 *
 * <pre>
 *   normed ──Columns──▶ inputs ──qkv, gate──▶ results ──Rows──▶ q, k, v;  mixed *= sigmoid
 *   mixed  ──Columns──▶ inputs ──output─────▶ results ──Rows──▶ hidden +=
 *   normed ──Columns──▶ inputs ──Gate, Up───▶ results, upResults ──swiGlu──▶ activated ──down──▶ results ──Rows──▶ hidden +=
 * </pre>
 *
 * @param graph to add to
 * @param buffers the step, and how many tokens a call may have
 * @param columns what lies between the kernels
 */
record TensorProjections(KernelGraph graph, DeviceBuffers buffers, TensorBuffers columns) {
    /** {@code q, k, v} of the normalised hidden state, whose columns stay for {@link #gate}. */
    void qkv(String task, DeviceLayer layer, FloatArray normed, FloatArray q, FloatArray k, FloatArray v) {
        turn(task + "Columns", normed, layer.qProj().columns());
        project(task + "Query", layer.qProj(), q);
        project(task + "Key", layer.kProj(), k);
        project(task + "Value", layer.vProj(), v);
    }

    private void project(String task, DeviceMatrix weights, FloatArray out) {
        multiply(task, weights, columns.inputs(), columns.results());
        ColumnsToTokens.addTo(
                graph, task + "Rows", columns.results(), out, buffers.step(), buffers.tokenCapacity(), weights.rows());
    }

    /** {@code mixed *= sigmoid(weights x)}, where x is what {@link #qkv} was given. */
    void gate(String task, DeviceMatrix weights, FloatArray mixed) {
        multiply(task, weights, columns.inputs(), columns.results());
        ColumnsToTokens.addGateTo(
                graph,
                task + "Rows",
                columns.results(),
                mixed,
                buffers.step(),
                buffers.tokenCapacity(),
                weights.rows());
    }

    /** {@code hidden += residualScale weights x}. */
    void residual(String task, FloatArray x, DeviceMatrix weights, FloatArray hidden, float residualScale) {
        turn(task + "Columns", x, weights.columns());
        residual(task, columns.inputs(), weights, hidden, residualScale);
    }

    /** {@code hidden += residualScale downProj (silu(gateProj x) upProj x)}. */
    void mlp(FloatArray x, DeviceLayer.Mlp mlp, FloatArray hidden, float residualScale) {
        turn(graph.scoped("swiGluColumns"), x, mlp.gateProj().columns());
        multiply(graph.scoped("swiGluGate"), mlp.gateProj(), columns.inputs(), columns.results());
        multiply(graph.scoped("swiGluUp"), mlp.upProj(), columns.inputs(), columns.upResults());
        activate(graph.scoped("swiGlu"), mlp.downProj().columns());
        residual(graph.scoped("down"), columns.activated(), mlp.downProj(), hidden, residualScale);
    }

    private void residual(String task, Columns x, DeviceMatrix weights, FloatArray hidden, float residualScale) {
        multiply(task, weights, x, columns.results());
        ColumnsToTokens.addResidualTo(
                graph,
                task + "Rows",
                columns.results(),
                hidden,
                buffers.step(),
                buffers.tokenCapacity(),
                weights.rows(),
                residualScale);
    }

    private void turn(String task, FloatArray x, int width) {
        int tokens = buffers.tokenCapacity();
        switch (columns.inputs()) {
            case Columns.F16 out ->
                TokensToColumnsF16.addTo(graph, task, x, out.values(), buffers.step(), tokens, width);
            case Columns.PackedBf16 out ->
                TokensToColumnsPackedBf16.addTo(graph, task, x, out.values(), buffers.step(), tokens, width);
        }
    }

    private void activate(String task, int width) {
        FloatArray gate = columns.results();
        FloatArray up = columns.upResults();
        int tokens = buffers.tokenCapacity();
        switch (columns.activated()) {
            case Columns.F16 out ->
                SwiGluColumns.addF16To(graph, task, gate, up, out.values(), buffers.step(), tokens, width);
            case Columns.PackedBf16 out ->
                SwiGluColumns.addPackedBf16To(graph, task, gate, up, out.values(), buffers.step(), tokens, width);
        }
    }

    private record Operands(DeviceMatrix weights, Columns x) {}

    private void multiply(String task, DeviceMatrix weights, Columns x, FloatArray out) {
        int tokens = buffers.tokenCapacity();
        int rows = weights.rows();
        int width = weights.columns();
        switch (new Operands(weights, x)) {
            case Operands(DeviceMatrix.PackedBf16 w, Columns.PackedBf16 in) ->
                PackedTensorMatMulBf16.addTo(
                        graph, task, w.values(), in.values(), out, buffers.step(), tokens, rows, width);
            case Operands(DeviceMatrix.F16 w, Columns.F16 in) -> {
                if (columns.products() == MatrixProducts.ASYNC_TENSOR_CORES) {
                    AsyncTensorMatMulF16.addTo(
                            graph, task, w.values(), in.values(), out, buffers.step(), tokens, rows, width);
                } else {
                    TensorMatMulF16.addTo(
                            graph, task, w.values(), in.values(), out, buffers.step(), tokens, rows, width);
                }
            }
            case Operands other ->
                throw new IllegalArgumentException(task + ": operands of several storage types " + other);
        }
    }
}
