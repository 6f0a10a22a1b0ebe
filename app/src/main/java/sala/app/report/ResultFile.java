package sala.app.report;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A JMH result file ({@code -rf json}) of any benchmarks, with what {@code ./sala-jmh} keeps beside it in
 * {@code NAME.machine.json}: commit, device, driver, JDK, flags. A file without it is read too.
 *
 * @param path of the file
 * @param machine name and value, in the order of the file; of JMH's own fields where nothing is kept beside it
 * @param measurements in the order of the file, at least one
 */
record ResultFile(Path path, Map<String, String> machine, List<Measurement> measurements) {
    private static final ObjectMapper JSON = new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    /** Forks whose means are taken as samples: fewer leave nothing to compare, so there iterations are. */
    private static final int LEAST_FORKS = 3;

    private static final Pattern RATE = Pattern.compile("ops/(ns|us|ms|s|min)");
    private static final Pattern TIME = Pattern.compile("(ns|us|ms|s|min)/op");

    ResultFile {
        measurements = List.copyOf(measurements);
    }

    /**
     * Reads a file.
     *
     * @throws ReportException if it is missing, or no result file of JMH, or has no result that can be used
     */
    static ResultFile read(Path path) {
        JsonNode root = parse(path);
        if (!root.isArray() || root.isEmpty()) {
            throw new ReportException(
                    "%s: expected a JSON array of JMH results with at least one, found %s: write it with ./sala-jmh or with JMH's -rf json"
                            .formatted(path, root.isArray() ? "none" : describe(root)));
        }
        List<Measurement> measurements = new ArrayList<>();
        for (int i = 0; i < root.size(); i++) {
            measurements.add(measurement(root.get(i), "%s: result %d".formatted(path, i + 1)));
        }
        return new ResultFile(path, machine(path, root.get(0)), measurements);
    }

    private static JsonNode parse(Path path) {
        if (!Files.isRegularFile(path)) {
            throw new ReportException("%s: no such file".formatted(path));
        }
        try {
            JsonNode root = JSON.readTree(path.toFile());
            return root == null ? JSON.missingNode() : root;
        } catch (JacksonException e) {
            throw new ReportException("%s: no JSON: %s".formatted(path, e.getOriginalMessage()), e);
        } catch (IOException e) {
            throw new ReportException("%s: cannot be read: %s".formatted(path, e.getMessage()), e);
        }
    }

    private static String describe(JsonNode node) {
        return node.getNodeType().toString().toLowerCase(Locale.ROOT);
    }

    private static Map<String, String> machine(Path path, JsonNode first) {
        Map<String, String> machine = new LinkedHashMap<>();
        String name = path.getFileName().toString();
        String stem = name.endsWith(".json") ? name.substring(0, name.length() - ".json".length()) : name;
        Path besides = path.resolveSibling(stem + ".machine.json");
        if (Files.exists(besides)) {
            JsonNode node = parse(besides);
            if (!node.isObject()) {
                throw new ReportException("%s: expected a JSON object, found %s".formatted(besides, describe(node)));
            }
            node.properties().forEach(entry -> machine.put(entry.getKey(), text(entry.getValue())));
        } else {
            for (String field : List.of("jmhVersion", "jdkVersion", "vmName", "vmVersion")) {
                if (first.path(field).isTextual()) {
                    machine.put(field, first.path(field).asText());
                }
            }
        }
        return machine;
    }

    private static String text(JsonNode node) {
        if (!node.isArray()) {
            return node.asText();
        }
        List<String> words = new ArrayList<>();
        node.forEach(each -> words.add(each.asText()));
        return String.join(" ", words);
    }

    private static Measurement measurement(JsonNode node, String where) {
        String fullName = required(node, "benchmark", where).asText();
        String[] words = fullName.split("\\.", -1);
        String benchmark = words.length < 2 ? fullName : words[words.length - 2] + "." + words[words.length - 1];
        SortedMap<String, String> parameters = new TreeMap<>();
        node.path("params")
                .properties()
                .forEach(
                        entry -> parameters.put(entry.getKey(), entry.getValue().asText()));
        JsonNode primary = required(node, "primaryMetric", where);
        JsonNode secondary = node.path("secondaryMetrics");
        String unit = required(primary, "scoreUnit", where + ", primaryMetric").asText();
        // A device is given several operations a run, which JMH counts as one.
        boolean counted = secondary.path("operations").path("rawData").isArray();
        JsonNode metric = counted ? secondary.path("operations") : primary;
        List<Double> samples = samples(metric, counted ? "ops/s" : unit, where + " " + fullName);
        OptionalDouble gigabytes = positive(secondary, "gigabytes");
        OptionalDouble gigaflops = positive(secondary, "gigaflops");
        return new Measurement(
                benchmark,
                parameters,
                samples,
                gigabytes,
                gigaflops,
                quotient(gigabytes, positive(secondary, "shareOfBandwidth")),
                quotient(gigaflops, positive(secondary, "shareOfPeak")),
                number(secondary.path("error").path("score")),
                device(secondary));
    }

    private static JsonNode required(JsonNode node, String field, String where) {
        JsonNode value = node.path(field);
        if (value.isMissingNode() || value.isNull()) {
            throw new ReportException("%s: field %s is missing: this is no result file of JMH".formatted(where, field));
        }
        return value;
    }

    /** Seconds of an operation: means of forks if there are some, else of iterations. */
    private static List<Double> samples(JsonNode metric, String unit, String where) {
        JsonNode forks = required(metric, "rawData", where);
        List<Double> ofForks = new ArrayList<>();
        List<Double> ofIterations = new ArrayList<>();
        for (JsonNode fork : forks) {
            double[] seconds = new double[fork.size()];
            for (int i = 0; i < seconds.length; i++) {
                seconds[i] = seconds(number(fork.get(i)), unit, where);
                ofIterations.add(seconds[i]);
            }
            Arrays.stream(seconds).average().ifPresent(ofForks::add);
        }
        if (ofIterations.isEmpty()) {
            throw new ReportException("%s: rawData holds no score".formatted(where));
        }
        return ofForks.size() < LEAST_FORKS ? ofIterations : ofForks;
    }

    private static double seconds(OptionalDouble score, String unit, String where) {
        if (score.isEmpty() || !(score.getAsDouble() > 0)) {
            throw new ReportException("%s: expected a score above 0 in rawData, found %s"
                    .formatted(where, score.isPresent() ? score.getAsDouble() : "no number"));
        }
        Matcher rate = RATE.matcher(unit);
        if (rate.matches()) {
            return unitSeconds(rate.group(1)) / score.getAsDouble();
        }
        Matcher time = TIME.matcher(unit);
        if (time.matches()) {
            return unitSeconds(time.group(1)) * score.getAsDouble();
        }
        throw new ReportException(
                "%s: expected scoreUnit ops/s or s/op, or with ns, us, ms or min, found %s".formatted(where, unit));
    }

    private static double unitSeconds(String unit) {
        return switch (unit) {
            case "ns" -> 1e-9;
            case "us" -> 1e-6;
            case "ms" -> 1e-3;
            case "s" -> 1;
            case "min" -> 60;
            default -> throw new IllegalArgumentException("no unit of time: " + unit);
        };
    }

    /** A number; JMH writes what is none as a string. */
    private static OptionalDouble number(JsonNode node) {
        return node.isNumber() && Double.isFinite(node.asDouble())
                ? OptionalDouble.of(node.asDouble())
                : OptionalDouble.empty();
    }

    private static Optional<DeviceClock> device(JsonNode secondary) {
        OptionalDouble kernelMicros = positive(secondary, "deviceKernelMicros");
        return kernelMicros.isEmpty()
                ? Optional.empty()
                : Optional.of(new DeviceClock(
                        kernelMicros.getAsDouble() * 1e-6,
                        positive(secondary, "deviceCompileMillis").orElse(0) * 1e-3,
                        positive(secondary, "deviceTransferMillis").orElse(0) * 1e-3));
    }

    /** What a measurement's backend is called: the device's own where it is TornadoVM's. */
    String nameOf(String backend) {
        String device = machine.getOrDefault("backend", "").replaceAll("[^A-Za-z0-9].*", "");
        return backend.equals("TORNADO") && !device.isEmpty() ? device : backend;
    }

    private static OptionalDouble positive(JsonNode metrics, String name) {
        OptionalDouble score = number(metrics.path(name).path("score"));
        return score.isPresent() && score.getAsDouble() > 0 ? score : OptionalDouble.empty();
    }

    private static OptionalDouble quotient(OptionalDouble dividend, OptionalDouble divisor) {
        return dividend.isPresent() && divisor.isPresent()
                ? OptionalDouble.of(dividend.getAsDouble() / divisor.getAsDouble())
                : OptionalDouble.empty();
    }
}
