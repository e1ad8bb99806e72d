package billing;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class PricesTest {
  @Test
  void ofAnItemThatTheTableHas() {
    assertEquals(45, Prices.of("apple"));
  }

  @Test
  void ofAnItemThatItDoesNotHaveIsTheDefault() {
    assertEquals(199, Prices.of("unicorn"));
  }
}
