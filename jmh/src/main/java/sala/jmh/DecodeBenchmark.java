package sala.jmh;

import java.util.Optional;
import org.openjdk.jmh.annotations.Param;
import sala.loader.DType;
import sala.model.ModelShape;
import sala.model.Session;
import sala.model.cpu.CpuOptions;

/**
 * A decode step of a whole model behind a context that is made up, not computed; {@code gigabytes} counts the weights,
 * which is what a step must read at least, so the reads of a long context lower the share.
 *
 * <pre>  ./sala-jmh DecodeBenchmark -p backend=CPU -prof gc  </pre>
 */
public class DecodeBenchmark extends OperationBenchmark {
    @Param("ONE_B")
    public ModelShape shape = ModelShape.ONE_B;

    /** Layers of the shape that are computed, from the first on; 0 for all. */
    @Param("0")
    public int layers;

    @Param("BF16")
    public DType dtype = DType.BF16;

    @Param({"1024", "65536", "262144", "1048576"})
    public int contextLength;

    private Optional<SeededModel> model = Optional.empty();

    @Override
    double bytes() {
        return model.orElseThrow().decodeBytes();
    }

    @Override
    double flops() {
        return 0;
    }

    @Override
    Operation open() {
        SeededModel opened = new SeededModel(
                backend,
                shape.config(layers == 0 ? shape.numLayers() : layers),
                dtype,
                1,
                contextLength,
                CpuOptions.DEFAULT_PREFILL_CHUNK);
        model = Optional.of(opened);
        Session session = opened.newSession();
        opened.fill(session, contextLength);
        int token = opened.tokens()[0];
        return Operation.of(
                        () -> opened.pass().decode(session, token), opened::error, opened.tolerance(), session, opened)
                .renewedBy(() -> opened.fill(session, contextLength));
    }
}
