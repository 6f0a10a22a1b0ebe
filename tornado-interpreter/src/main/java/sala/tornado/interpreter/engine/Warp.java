package sala.tornado.interpreter.engine;

import java.util.List;

/** Thirty-two neighbouring lanes of a work group, fewer at its end, and what they exchange. */
record Warp(List<Lane> lanes) {
    static final int SIZE = 32;

    /** Gives every lane the result of the operation they all wait at. */
    void perform(WarpOperation operation) {
        if (operation.needsWholeWarp() && lanes.size() != SIZE) {
            Lane lane = lanes.get(0);
            throw lane.failure(
                    lane.site,
                    "needs a whole warp of 32 lanes, but this one has %d: make the local size a multiple of 32"
                            .formatted(lanes.size()));
        }
        int localX = lanes.get(0).group.shape().localX();
        if (operation.needsWholeWarp() && localX % SIZE != 0) {
            Lane lane = lanes.get(0);
            throw lane.failure(
                    lane.site,
                    "needs warps along x, but the local size in x is %d: make it a multiple of 32".formatted(localX));
        }
        switch (operation) {
            case SUM -> sum();
            case SHUFFLE_DOWN -> shuffleDown();
            case BROADCAST_FIRST -> {
                for (Lane lane : lanes) {
                    lane.floatResult = lanes.get(0).floatOperand;
                }
            }
            case LOAD_A, LOAD_B, LOAD_B_SWIZZLED, LOAD_A_BYTES, LOAD_B_BYTES -> MatrixUnit.load(lanes, operation);
            case MULTIPLY_F16, MULTIPLY_BF16, MULTIPLY_INT8, MULTIPLY_E4M3, MULTIPLY_E5M2 ->
                MatrixUnit.multiply(lanes, operation);
        }
    }

    /** Adds halves of the warp, then halves of those, as the devices do; every lane gets the first one's sum. */
    private void sum() {
        float[] sums = new float[SIZE];
        for (int i = 0; i < lanes.size(); i++) {
            sums[i] = lanes.get(i).floatOperand;
        }
        for (int distance = SIZE / 2; distance > 0; distance /= 2) {
            for (int i = 0; i < distance; i++) {
                sums[i] += sums[i + distance];
            }
        }
        for (Lane lane : lanes) {
            lane.floatResult = sums[0];
        }
    }

    private void shuffleDown() {
        for (int i = 0; i < lanes.size(); i++) {
            Lane lane = lanes.get(i);
            int source = i + lane.intOperand;
            if (lane.intOperand < 0 || source >= SIZE) {
                lane.floatResult = lane.floatOperand;
            } else if (source < lanes.size()) {
                lane.floatResult = lanes.get(source).floatOperand;
            } else {
                throw lane.failure(
                        lane.site,
                        "reads the value of lane %d of its warp, which has %d lanes: make the local size a multiple of 32"
                                .formatted(source, lanes.size()));
            }
        }
    }
}
