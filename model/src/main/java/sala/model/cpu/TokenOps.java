package sala.model.cpu;

/**
 * The operations between the matrix products, applied to all tokens of a call: tokens are shared among the workers; a
 * single token, and what is little work anyway, is done by the caller, without allocating, before the others would be
 * awake. Not thread-safe.
 */
final class TokenOps {
    /** Elements that one thread is done with in about the time that it takes to wake another. */
    private static final int LITTLE_WORK = 1 << 13;

    private final WorkerTeam team;
    private final ColdStart coldStart;
    private final PlainScratch[] scratches;

    /** @param hiddenSize width of the embedding to come */
    TokenOps(WorkerTeam team, ColdStart coldStart, int hiddenSize) {
        this.team = team;
        this.coldStart = coldStart;
        scratches = new PlainScratch[team.size()];
        for (int worker = 0; worker < scratches.length; worker++) {
            scratches[worker] = new PlainScratch(hiddenSize);
        }
    }

    private static boolean isLittle(int count, int width) {
        return count == 1 || (long) count * width <= LITTLE_WORK;
    }

    private static int share(int count, int worker, int workers) {
        return WorkerTeam.shareStart(count, 1, worker, workers);
    }

    /**
     * Scaled rows of the embedding.
     *
     * @param tokens ids; those of the call start at {@code from}
     * @param out {@code [count, hiddenSize]}
     */
    void embed(WeightMatrix table, int[] tokens, int from, int count, float scale, float[] out) {
        if (isLittle(count, table.columns)) {
            embed(table, tokens, from, 0, count, scale, scratches[0], out);
            return;
        }
        team.run((worker, workers) -> embed(
                table,
                tokens,
                from,
                share(count, worker, workers),
                share(count, worker + 1, workers),
                scale,
                scratches[worker],
                out));
    }

    private static void embed(
            WeightMatrix table,
            int[] tokens,
            int from,
            int fromToken,
            int toToken,
            float scale,
            PlainScratch scratch,
            float[] out) {
        for (int token = fromToken; token < toToken; token++) {
            Embedding.lookUp(table, tokens[from + token], scale, scratch, out, token * table.columns);
        }
    }

    /**
     * Norm of whole rows.
     *
     * @param x {@code [count, width]}, the width being that of {@code weight}
     * @param out likewise; may be {@code x}
     */
    void norm(float[] x, float[] weight, double eps, int count, float[] out) {
        if (isLittle(count, weight.length)) {
            norm(x, weight, eps, 0, count, out);
        } else {
            shareNorm(x, weight, eps, count, out);
        }
    }

    /** Norm of every head of {@code x [count, numHeads, headDim]}, in place; {@code weight} is {@code [headDim]}. */
    void normHeads(float[] x, float[] weight, double eps, int count, int numHeads) {
        int rows = count * numHeads;
        if (isLittle(count, numHeads * weight.length)) {
            norm(x, weight, eps, 0, rows, x);
        } else {
            shareNorm(x, weight, eps, rows, x);
        }
    }

    private void shareNorm(float[] x, float[] weight, double eps, int rows, float[] out) {
        team.run((worker, workers) ->
                norm(x, weight, eps, share(rows, worker, workers), share(rows, worker + 1, workers), out));
    }

    private static void norm(float[] x, float[] weight, double eps, int fromRow, int toRow, float[] out) {
        int width = weight.length;
        for (int row = fromRow; row < toRow; row++) {
            RmsNorm.apply(x, row * width, weight, eps, out, row * width);
        }
    }

    /** Fills the table of a call. */
    void prepareRope(Rope rope, int position, int count) {
        if (isLittle(count, rope.costPerToken())) {
            rope.prepare(position, 0, count);
            return;
        }
        team.run((worker, workers) ->
                rope.prepare(position, share(count, worker, workers), share(count, worker + 1, workers)));
    }

    /** Rotates every head of {@code x [count, numHeads, headDim]}. */
    void rotate(Rope rope, float[] x, int count, int numHeads, int headDim) {
        if (isLittle(count, numHeads * headDim)) {
            rotate(rope, x, 0, count, numHeads, headDim);
            return;
        }
        team.run((worker, workers) ->
                rotate(rope, x, share(count, worker, workers), share(count, worker + 1, workers), numHeads, headDim));
    }

    private static void rotate(Rope rope, float[] x, int from, int to, int numHeads, int headDim) {
        for (int token = from; token < to; token++) {
            for (int head = 0; head < numHeads; head++) {
                rope.rotate(x, (token * numHeads + head) * headDim, token);
            }
        }
    }

    /** {@code gate = silu(gate) * up}, both {@code [count, width]}. */
    void swiGlu(float[] gate, float[] up, int count, int width) {
        if (isLittle(count, width)) {
            swiGluRange(gate, up, 0, count * width);
            return;
        }
        team.run((worker, workers) -> swiGluRange(
                gate, up, share(count, worker, workers) * width, share(count, worker + 1, workers) * width));
    }

    private void swiGluRange(float[] gate, float[] up, int from, int to) {
        if (coldStart.plain()) {
            SwiGlu.applyPlainly(gate, up, from, to);
        } else {
            SwiGlu.apply(gate, up, from, to);
        }
    }

    /** {@code values *= sigmoid(gate)}, both {@code [count, width]}. */
    void outputGate(float[] values, float[] gate, int count, int width) {
        if (isLittle(count, width)) {
            outputGateRange(values, gate, 0, count * width);
            return;
        }
        team.run((worker, workers) -> outputGateRange(
                values, gate, share(count, worker, workers) * width, share(count, worker + 1, workers) * width));
    }

    private void outputGateRange(float[] values, float[] gate, int from, int to) {
        if (coldStart.plain()) {
            OutputGate.applyPlainly(values, gate, from, to);
        } else {
            OutputGate.apply(values, gate, from, to);
        }
    }

    /** {@code hidden += scale * branch}, both {@code [count, width]}. */
    void addScaled(float[] hidden, float[] branch, float scale, int count, int width) {
        if (isLittle(count, width)) {
            ResidualAdd.apply(hidden, branch, scale, 0, count * width);
            return;
        }
        team.run((worker, workers) -> ResidualAdd.apply(
                hidden,
                branch,
                scale,
                share(count, worker, workers) * width,
                share(count, worker + 1, workers) * width));
    }
}
