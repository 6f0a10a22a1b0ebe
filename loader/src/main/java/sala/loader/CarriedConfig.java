package sala.loader;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Fields of {@code config.json} that a checkpoint carries and inference has no use for: what names the architecture, what
 * was for training, what only other programs read. Those that could change the result are refused where they ask for it,
 * so {@code hiddenAct} is always {@code silu} and {@code attentionBias} always false.
 *
 * @param architectures class names
 * @param modelType {@code minicpm_sala}; empty where the file names the architecture alone
 * @param autoMap classes of remote code, those that are one string
 * @param hiddenAct activation of the MLP
 * @param attentionBias biases of the projections
 * @param attentionDropout training only
 * @param mupDenominator in the file, but not in the formulas
 * @param initializerRange training only
 * @param pretrainingTp slices of a training layout
 * @param shiftLabels training only
 * @param useCache whether other programs keep keys and values; here they are always kept
 * @param transformersVersion of the library that wrote the file
 */
public record CarriedConfig(
        List<String> architectures,
        String modelType,
        Map<String, String> autoMap,
        String hiddenAct,
        boolean attentionBias,
        double attentionDropout,
        double mupDenominator,
        double initializerRange,
        int pretrainingTp,
        boolean shiftLabels,
        boolean useCache,
        Optional<String> transformersVersion) {
    public CarriedConfig {
        architectures = List.copyOf(architectures);
        autoMap = Map.copyOf(autoMap);
    }

    /** What a configuration carries that was made by a program and read from no file. */
    public static CarriedConfig none() {
        return new CarriedConfig(
                List.of(ModelConfigReader.ARCHITECTURE),
                ModelConfigReader.MODEL_TYPE,
                Map.of(),
                "silu",
                false,
                0,
                32,
                0.1,
                1,
                true,
                true,
                Optional.empty());
    }
}
