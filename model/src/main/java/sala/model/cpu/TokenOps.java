package sala.model.cpu;

/**
 * The operations between the matrix products, applied to all tokens of a call: tokens are shared among the workers, and
 * a single token is done by the caller, without allocating, before the others would be awake. Not thread-safe.
 */
final class TokenOps {
    private final WorkerTeam team;
    /** Scratch of each worker. */
    private final float[][] lanes;

    TokenOps(WorkerTeam team) {
        this.team = team;
        lanes = new float[team.size()][VectorMath.LANES];
    }

    /**
     * Scaled rows of the embedding.
     *
     * @param tokens ids; those of the call start at {@code from}
     * @param out {@code [count, hiddenSize]}
     */
    void embed(WeightMatrix table, int[] tokens, int from, int count, float scale, float[] out) {
        if (count == 1) {
            Embedding.lookUp(table, tokens[from], scale, out, 0);
            return;
        }
        team.run((worker, workers) -> {
            int end = share(count, worker + 1, workers);
            for (int token = share(count, worker, workers); token < end; token++) {
                Embedding.lookUp(table, tokens[from + token], scale, out, token * table.columns);
            }
        });
    }

    /**
     * Norm of whole rows.
     *
     * @param x {@code [count, width]}, the width being that of {@code weight}
     * @param out likewise; may be {@code x}
     */
    void norm(float[] x, float[] weight, double eps, int count, float[] out) {
        if (count == 1) {
            RmsNorm.apply(x, 0, weight, eps, lanes[0], out, 0);
            return;
        }
        team.run((worker, workers) -> {
            int end = share(count, worker + 1, workers);
            for (int token = share(count, worker, workers); token < end; token++) {
                RmsNorm.apply(x, token * weight.length, weight, eps, lanes[worker], out, token * weight.length);
            }
        });
    }

    /** Norm of every head of {@code x [count, numHeads, headDim]}, in place; {@code weight} is {@code [headDim]}. */
    void normHeads(float[] x, float[] weight, double eps, int count, int numHeads) {
        if (count == 1) {
            normHeadRange(x, weight, eps, lanes[0], 0, numHeads);
            return;
        }
        team.run((worker, workers) -> normHeadRange(
                x,
                weight,
                eps,
                lanes[worker],
                share(count, worker, workers) * numHeads,
                share(count, worker + 1, workers) * numHeads));
    }

    private static void normHeadRange(float[] x, float[] weight, double eps, float[] lanes, int fromHead, int toHead) {
        for (int head = fromHead; head < toHead; head++) {
            RmsNorm.apply(x, head * weight.length, weight, eps, lanes, x, head * weight.length);
        }
    }

    /** Fills the table of a call. */
    void prepareRope(Rope rope, int position, int count) {
        if (count == 1) {
            rope.prepare(position, 0, 1);
            return;
        }
        team.run((worker, workers) ->
                rope.prepare(position, share(count, worker, workers), share(count, worker + 1, workers)));
    }

    /** Rotates every head of {@code x [count, numHeads, headDim]}. */
    void rotate(Rope rope, float[] x, int count, int numHeads, int headDim) {
        if (count == 1) {
            rotate(rope, x, 0, 1, numHeads, headDim);
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
        if (count == 1) {
            SwiGlu.apply(gate, up, 0, width);
            return;
        }
        team.run((worker, workers) -> SwiGlu.apply(
                gate, up, share(count, worker, workers) * width, share(count, worker + 1, workers) * width));
    }

    /** {@code values *= sigmoid(gate)}, both {@code [count, width]}. */
    void outputGate(float[] values, float[] gate, int count, int width) {
        if (count == 1) {
            OutputGate.apply(values, gate, 0, width);
            return;
        }
        team.run((worker, workers) -> OutputGate.apply(
                values, gate, share(count, worker, workers) * width, share(count, worker + 1, workers) * width));
    }

    /** {@code hidden += scale * branch}, both {@code [count, width]}. */
    void addScaled(float[] hidden, float[] branch, float scale, int count, int width) {
        if (count == 1) {
            ResidualAdd.apply(hidden, branch, scale, 0, width);
            return;
        }
        team.run((worker, workers) -> ResidualAdd.apply(
                hidden,
                branch,
                scale,
                share(count, worker, workers) * width,
                share(count, worker + 1, workers) * width));
    }

    private static int share(int count, int worker, int workers) {
        return WorkerTeam.shareStart(count, 1, worker, workers);
    }
}
