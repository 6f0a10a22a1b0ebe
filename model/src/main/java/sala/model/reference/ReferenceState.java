package sala.model.reference;

import sala.loader.LightningConfig;
import sala.model.RecurrentState;

/** A recurrent state in double precision, {@code [numHeads, headDim, headDim]}. */
final class ReferenceState implements RecurrentState {
    private final double[] values;

    ReferenceState(LightningConfig lightning) {
        this(new double[Math.multiplyExact(lightning.width(), lightning.headDim())]);
    }

    private ReferenceState(double[] values) {
        this.values = values;
    }

    double[] values() {
        return values;
    }

    ReferenceState copy() {
        return new ReferenceState(values.clone());
    }

    @Override
    public void read(double[] state) {
        System.arraycopy(values, 0, state, 0, values.length);
    }

    @Override
    public void write(double[] state) {
        System.arraycopy(state, 0, values, 0, values.length);
    }
}
